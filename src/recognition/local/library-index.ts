import { Worker } from 'node:worker_threads';
import type { Logger } from '../../log';
import { compiled } from '../../paths';
import type { Fingerprint } from './fingerprint';
import { EMPTY_INDEX, type LandmarkIndex } from './landmark-index';
import type { BuildOrder, FromBuilder, OrderedTrack } from './messages';
import { referenceOf } from './reference';
import { WordPages } from './word-pages';

/** A track as the library gives it. */
export interface IndexedTrack {
  readonly trackId: number;
  readonly fingerprint: Fingerprint;
}

/** Changes that come within this time are built together. */
const GATHER_MS = 250;

/**
 * The reference library in memory. Tracks come and go while the service runs; a thread builds each new index, which then
 * replaces the old one whole.
 */
export class LibraryIndex {
  private readonly tracks = new Map<number, OrderedTrack>();
  private readonly pages = new WordPages();
  private timer: NodeJS.Timeout | undefined;
  private building: Promise<void> | undefined;
  private builder: Worker | undefined;
  private dirty = false;
  private stopped = false;
  current: LandmarkIndex = EMPTY_INDEX;
  /** 0–1 while an index is being built. */
  progress: number | undefined;

  constructor(
    private readonly log: Logger,
    private readonly swapped: (index: LandmarkIndex) => void,
  ) {}

  /** Adds or replaces a track; a damaged fingerprint is refused and logged, and the rest goes on. */
  add({ trackId, fingerprint }: IndexedTrack): boolean {
    try {
      const reference = referenceOf(trackId, fingerprint, (count) => this.pages.take(count));
      this.tracks.set(trackId, { trackId, reference });
      this.change();
      return true;
    } catch (error) {
      this.log.error(
        { trackId, err: (error as Error).message },
        'Empreinte illisible : réimporter cette piste',
      );
      return false;
    }
  }

  remove(trackId: number): void {
    if (this.tracks.delete(trackId)) this.change();
  }

  clear(): void {
    this.tracks.clear();
    this.change();
  }

  /** Resolves when every change so far is in `current`. */
  async settled(): Promise<void> {
    while (this.dirty || this.building) {
      clearTimeout(this.timer);
      await this.build();
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.builder?.terminate();
  }

  private change(): void {
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.build().catch((error) => this.log.error({ err: error }, "L'index n'a pas pu être construit"));
    }, GATHER_MS);
    this.timer.unref();
  }

  private build(): Promise<void> {
    this.building ??= this.buildOnce().finally(() => {
      this.building = undefined;
      this.progress = undefined;
      if (this.dirty && !this.stopped) this.change();
    });
    return this.building;
  }

  private async buildOnce(): Promise<void> {
    if (!this.dirty || this.stopped) return;
    this.dirty = false;
    const tracks = [...this.tracks.values()];
    const order: BuildOrder = { tracks, base: this.current, generation: this.current.generation + 1 };
    const index = await new Promise<LandmarkIndex>((resolve, reject) => {
      const builder = new Worker(compiled('src/recognition/local/build-worker'), {
        workerData: order,
        execArgv: [],
      });
      this.builder = builder;
      builder.on('message', (message: FromBuilder) => {
        if (message.type === 'built') resolve(message.index);
        else this.progress = message.share;
      });
      builder.on('error', reject);
      builder.on('exit', () => reject(new Error('index builder ended without an index')));
    });
    this.current = index;
    // What the index holds now needs no other copy.
    for (const track of tracks) {
      if (this.tracks.get(track.trackId) === track)
        this.tracks.set(track.trackId, { ...track, reference: undefined });
    }
    this.pages.turn();
    this.swapped(index);
  }
}
