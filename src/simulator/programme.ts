import { onGrid } from './air';
import { Random } from './random';
import type { Recording, Repertoire } from './repertoire';

/** How a station is run. Probabilities are per transition or per song. */
export interface ProgrammeStyle {
  readonly unknownShare: number;
  readonly crossfade: number;
  readonly maxCrossfadeS: number;
  readonly jingle: number;
  readonly speechGap: number;
  readonly silence: number;
  readonly talkOver: number;
  /** Songs that are not played from their first to their last second. */
  readonly excerpt: number;
  /** Speeds at which songs are played; 1 is the recording's own. */
  readonly speeds: readonly number[];
  readonly dropoutsPerHour: number;
  /**
   * How many different stretches of speech there are, and jingles, shared by all stations; absent: speech is never the
   * same twice, and every station has its own jingles.
   */
  readonly sharedPool?: number;
}

export const ELEMENT_KINDS = ['track', 'unknown', 'jingle', 'speech'] as const;

/** Something aired. Times are milliseconds from the programme's origin, on the grid of `air.ts`. */
export interface Element {
  readonly kind: (typeof ELEMENT_KINDS)[number];
  /** Names the audio: a recording's key, or the name of a jingle or of a stretch of speech. */
  readonly key: string;
  /** Length of that audio at speed 1. */
  readonly audioMs: number;
  readonly recording?: Recording;
  readonly startMs: number;
  readonly endMs: number;
  /** Where in the recording it starts. */
  readonly offsetMs: number;
  readonly speed: number;
  readonly fadeInMs: number;
  readonly fadeOutMs: number;
  /** Broken off before the recording's own end. */
  readonly cut: boolean;
  /** Speech over music: the music goes down under it. */
  readonly over: boolean;
}

/** A stretch in which the station's stream does not reach anybody. */
export interface Dropout {
  readonly startMs: number;
  readonly endMs: number;
}

export interface Block {
  readonly elements: readonly Element[];
  readonly dropouts: readonly Dropout[];
}

type Draft = { -readonly [K in keyof Element]: Element[K] };

/** Programmes are planned in blocks of this length, each by itself: any time is reached without playing up to it. */
export const BLOCK_MS = onGrid(30 * 60_000);

/** A station's endless programme, before and after its origin; equal arguments give equal programmes. */
export class Programme {
  private readonly blocks = new Map<number, Block>();

  constructor(
    private readonly seed: number,
    readonly mount: string,
    private readonly repertoire: Repertoire,
    private readonly style: ProgrammeStyle,
  ) {}

  /** Everything aired between two times, ms from the origin, by start. */
  elementsBetween(fromMs: number, toMs: number): Element[] {
    return this.blocksBetween(fromMs, toMs).flatMap((block) =>
      block.elements.filter((element) => element.endMs > fromMs && element.startMs < toMs),
    );
  }

  dropoutsBetween(fromMs: number, toMs: number): Dropout[] {
    return this.blocksBetween(fromMs, toMs).flatMap((block) =>
      block.dropouts.filter((dropout) => dropout.endMs > fromMs && dropout.startMs < toMs),
    );
  }

  private blocksBetween(fromMs: number, toMs: number): Block[] {
    const blocks: Block[] = [];
    for (let k = Math.floor(fromMs / BLOCK_MS); k * BLOCK_MS < toMs; k++) {
      let block = this.blocks.get(k);
      if (block === undefined) {
        block = planBlock(new Random(this.seed, 'programme', this.mount, k), k, this);
        // A few blocks are enough for what is on the air; a query about a year must not stay in memory.
        if (this.blocks.size > 16) this.blocks.clear();
        this.blocks.set(k, block);
      }
      blocks.push(block);
    }
    return blocks;
  }

  /** For `planBlock` only. */
  get plan(): { repertoire: Repertoire; style: ProgrammeStyle; seed: number } {
    return { repertoire: this.repertoire, style: this.style, seed: this.seed };
  }
}

/** Songs never reach into the next block: its end is talked up to, as radios do on the hour. */
function planBlock(random: Random, index: number, programme: Programme): Block {
  const { repertoire, style, seed } = programme.plan;
  const start = index * BLOCK_MS;
  const end = start + BLOCK_MS;
  const elements: Draft[] = [];
  const recent: string[] = [];
  let cursor = start;
  let spoken = 0;

  const add = (element: Partial<Draft> & Pick<Draft, 'kind' | 'key' | 'audioMs' | 'startMs' | 'endMs'>) => {
    const whole: Draft = {
      offsetMs: 0,
      speed: 1,
      fadeInMs: 0,
      fadeOutMs: 0,
      cut: false,
      over: false,
      ...element,
    };
    elements.push(whole);
    return whole;
  };
  const speak = (fromMs: number, lengthMs: number, over: boolean) => {
    const pool = style.sharedPool;
    const audioMs = pool === undefined ? onGrid(lengthMs) : 12_000;
    const key =
      pool === undefined
        ? `speech/${seed}/${programme.mount}/${index}/${spoken++}`
        : `speech/${seed}/pool/${random.int(1, pool)}`;
    const endMs = fromMs + Math.min(audioMs, onGrid(lengthMs));
    add({ kind: 'speech', key, audioMs, startMs: fromMs, endMs, over, fadeOutMs: over ? 240 : 0 });
    return endMs;
  };

  for (let songs = 0; end - cursor > 45_000; songs++) {
    const previous = elements.findLast((element) => !element.over);
    let fadeInMs = 0;
    if (previous !== undefined) {
      if (random.chance(style.jingle)) {
        const owner = style.sharedPool === undefined ? programme.mount : 'pool';
        const key = `jingle/${seed}/${owner}/${random.int(1, 4)}`;
        const audioMs = onGrid(new Random(key).between(3_000, 8_000));
        add({ kind: 'jingle', key, audioMs, startMs: cursor, endMs: cursor + audioMs });
        cursor += audioMs;
      } else if (random.chance(style.speechGap)) {
        cursor = speak(cursor, random.between(4_000, 18_000), false);
      } else if (random.chance(style.silence)) {
        cursor += onGrid(random.between(1_500, 5_000));
      } else if (random.chance(style.crossfade)) {
        const over = onGrid(random.between(500, style.maxCrossfadeS * 1_000));
        previous.fadeOutMs = over;
        fadeInMs = random.chance(0.5) ? over : 0;
        cursor -= over;
      }
    }
    // The first thing on the air is a song that the library knows.
    const known = songs === 0 || !random.chance(style.unknownShare) || repertoire.unknown.length === 0;
    const choice = (known ? repertoire.tracks : repertoire.unknown).filter(
      ({ key }) => !recent.includes(key),
    );
    const recording = random.pick(choice.length > 0 ? choice : repertoire.tracks);
    recent.push(recording.key);
    if (recent.length > Math.min(4, repertoire.tracks.length - 1)) recent.shift();

    const speed = random.pick(style.speeds);
    const offsetMs = random.chance(style.excerpt) ? onGrid(random.between(2_000, 15_000)) : 0;
    const wholeMs = onGrid((recording.durationMs - offsetMs) / speed);
    let lengthMs = wholeMs;
    if (random.chance(style.excerpt)) lengthMs -= onGrid(random.between(5_000, 20_000));
    lengthMs = Math.min(lengthMs, end - cursor - 6_000);
    lengthMs = onGrid(lengthMs);
    const cut = lengthMs < wholeMs;
    const song = add({
      kind: recording.kind,
      key: recording.key,
      audioMs: recording.durationMs,
      recording,
      startMs: cursor,
      endMs: cursor + lengthMs,
      offsetMs,
      speed,
      fadeInMs,
      fadeOutMs: cut && style.crossfade > 0 ? 1_200 : 0,
      cut,
    });
    if (random.chance(style.talkOver)) {
      const talkMs = onGrid(random.between(3_000, 9_000));
      const at = random.chance(0.5) ? song.startMs + onGrid(random.between(0, 2_000)) : song.endMs - talkMs;
      speak(at, talkMs, true);
    }
    cursor = song.endMs;
  }
  while (cursor < end) cursor = speak(cursor, end - cursor, false);

  return {
    elements: elements.sort((a, b) => a.startMs - b.startMs),
    dropouts: dropouts(random, start, style),
  };
}

function dropouts(random: Random, start: number, style: ProgrammeStyle): Dropout[] {
  const expected = (style.dropoutsPerHour * BLOCK_MS) / 3_600_000;
  const count = Math.floor(expected) + (random.chance(expected % 1) ? 1 : 0);
  // One per equal part of the block, never near its edges: they do not touch.
  const part = BLOCK_MS / Math.max(1, count);
  return Array.from({ length: count }, (_, i) => {
    const at = onGrid(start + part * i + random.between(0.2, 0.7) * part);
    return { startMs: at, endMs: at + onGrid(random.between(8_000, 25_000)) };
  });
}
