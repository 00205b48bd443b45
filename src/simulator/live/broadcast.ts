import { type Clock, clockAtRate } from '../../clock';
import { songsOf } from '../files';
import { Mixer } from '../mixer';
import type { SimulatorOptions } from '../options';
import { Programme } from '../programme';
import { RecordedAudio } from '../recorded-audio';
import { type Repertoire, synthesisedRepertoire } from '../repertoire';
import { PROFILE_SETTINGS, type ProfileSettings } from '../styles';
import { type TruthEntry, truthBetween } from '../truth';
import { Mount } from './mount';
import { Preparer } from './preparer';
import { EncodedSource, type Source } from './source';
import { FrameStore, SplicedSource } from './spliced';
import { KBPS, type Station, stationNames, tagsAt } from './station';

/** How long the beginning may take to prepare: with many different recordings the rest is made as it comes. */
const PREPARE_TIMEOUT_MS = 20_000;

/** All stations of one simulator on one clock. */
export class Broadcast {
  readonly clock: Clock;
  readonly repertoire: Repertoire;
  readonly audio: RecordedAudio;
  readonly mounts = new Map<string, Mount>();
  /** Air time of the programmes' beginning, ms since the epoch; 0 before `begin`. */
  origin = 0;
  private readonly settings: ProfileSettings;
  private readonly stations: readonly Station[];
  private readonly frames: FrameStore | undefined;
  private readonly preparer: Preparer;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SimulatorOptions) {
    const { seed, tracks, unknown, profile } = options;
    this.settings = PROFILE_SETTINGS[profile];
    const minSeconds = options.minSeconds ?? this.settings.minSeconds;
    const maxSeconds = Math.max(minSeconds, options.maxSeconds ?? this.settings.maxSeconds);
    const synthesised = synthesisedRepertoire({ seed, tracks, unknown, minSeconds, maxSeconds });
    const known = options.music === undefined ? [] : songsOf(options.music, 'track');
    const others = options.unknownMusic === undefined ? [] : songsOf(options.unknownMusic, 'unknown');
    this.repertoire = {
      tracks: known.length > 0 ? known : synthesised.tracks,
      unknown: others.length > 0 ? others : synthesised.unknown,
    };
    this.audio = new RecordedAudio(seed, new Map([...known, ...others].map(({ key, path }) => [key, path])));
    this.clock = clockAtRate(options.rate, options.origin);
    const codecs =
      options.codecs ?? (this.settings.spliced ? (['mp3'] as const) : (['mp3', 'aac', 'vorbis'] as const));
    const { style, spliced } = this.settings;
    this.stations = Array.from({ length: options.stations }, (_, i) => {
      const codec = codecs[i % codecs.length]!;
      const { name, mount } = stationNames(i, codec);
      const kbps = codec === 'mp3' && spliced ? 128 : KBPS[codec];
      return { name, mount, codec, kbps, programme: new Programme(seed, mount, this.repertoire, style) };
    });
    this.frames = this.settings.spliced ? new FrameStore(this.audio, 'studio') : undefined;
    this.preparer = new Preparer(this.audio, this.frames);
  }

  /** Has the first seconds of every station ready, so that nobody waits for them. */
  async prepare(): Promise<void> {
    const deadline = Date.now() + PREPARE_TIMEOUT_MS;
    while (this.preparer.prepare(this.programmes(), 0, 1_000) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The programmes begin. */
  begin(): void {
    const { rate, burst } = this.options;
    this.origin = this.options.programmeOrigin || Math.round(this.clock.now());
    for (const station of this.stations) {
      const source = (fromMs: number, muted: () => boolean) => this.sourceOf(station, fromMs, muted);
      this.mounts.set(station.mount, new Mount(station, this.clock, this.origin, burst * 1_000, source));
    }
    // Smooth enough; writing is most of what a spliced station costs. A faster air needs shorter steps.
    const everyMs = Math.max(20, (this.settings.spliced ? 250 : 100) / Math.max(1, rate / 4));
    this.timer = setInterval(() => {
      for (const mount of this.mounts.values()) mount.tick();
      const nowMs = this.clock.now() - this.origin;
      this.preparer.prepare(this.programmes(), nowMs, nowMs + Math.max(60_000, 8_000 * rate));
    }, everyMs);
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    for (const mount of this.mounts.values()) mount.dropAll();
    await this.preparer.close();
  }

  /** What was aired between two times, ms since the epoch; by one station, or by all. */
  truth(from: number, to: number, station?: string): TruthEntry[] {
    return [...this.mounts.values()]
      .filter((mount) => station === undefined || mount.station.mount === station)
      .flatMap((mount) => truthBetween(mount.station.programme, this.origin, from, to, mount.unheard()));
  }

  private programmes(): Programme[] {
    return this.stations.map(({ programme }) => programme);
  }

  private sourceOf(station: Station, fromMs: number, muted: () => boolean): Source {
    const { programme, codec } = station;
    if (this.frames !== undefined && codec === 'mp3') {
      return new SplicedSource(programme, this.frames, muted, fromMs);
    }
    return new EncodedSource({
      codec,
      mixer: new Mixer(programme, this.audio),
      muted,
      fromMs,
      tagsAt: (atMs) => tagsAt(station, atMs),
      chained: this.options.chained === 1,
      radioChain: this.settings.radioChain,
    });
  }
}
