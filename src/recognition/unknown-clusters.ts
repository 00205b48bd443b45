import { bitErrorRate, chromaprintItems, ITEM_S } from './chromaprint-items';
import type { DetectionStatus, StageOutcome } from './types';

/** What became of an unknown play that was asked about earlier. */
export interface EarlierPlay {
  readonly playId: string;
  readonly durationS: number;
  /** How far the services were asked about it; absent: not at all. */
  readonly acoustid?: DetectionStatus;
  readonly audd?: DetectionStatus;
  /** Who named it, where someone did. */
  readonly outcome?: StageOutcome;
}

/** Statuses after which a service is not asked about the same music again. The others were accidents. */
export function isAnswer(status: DetectionStatus | undefined): boolean {
  return status === 'success' || status === 'no_match' || status === 'low_confidence';
}

interface Entry {
  play: EarlierPlay;
  readonly items: Uint32Array;
}

/** Two different recordings differ in about half of their bits, the same one twice on the air in about a tenth. */
const MAX_BIT_ERRORS = 0.2;
/** Less than this in common proves nothing, seconds. */
const MIN_OVERLAP_S = 15;
const MIN_OVERLAP = 0.6;
/** Keys that stand for silence or one long tone are in every recording; they would only cost time. */
const MAX_POSTINGS = 64;
const CANDIDATES = 8;

/**
 * Unknown music compared with unknown music: songs repeat, and one look-up for all repetitions is enough. Keeps the last
 * `capacity` plays in memory, about 20 kB each; the table of unknown plays is where they come from after a restart.
 */
export class UnknownClusters {
  private readonly entries = new Map<string, Entry>();
  private readonly postings = new Map<number, { entry: Entry; at: number }[]>();

  constructor(private readonly capacity = 500) {}

  get size(): number {
    return this.entries.size;
  }

  has(playId: string): boolean {
    return this.entries.has(playId);
  }

  /** Adds a play, or what has been learned about it since. Fingerprints that cannot be read are not kept. */
  remember(chromaprint: string, play: EarlierPlay): void {
    const known = this.entries.get(play.playId);
    if (known) {
      known.play = { ...known.play, ...play };
      return;
    }
    let items: Uint32Array;
    try {
      items = chromaprintItems(chromaprint);
    } catch {
      return;
    }
    const entry = { play, items };
    this.entries.set(play.playId, entry);
    // Every other item is enough to be found by, and half the memory.
    for (let at = 0; at < items.length; at += 2) {
      const list = this.postings.get(keyOf(items[at]!)) ?? [];
      if (list.length < MAX_POSTINGS) list.push({ entry, at });
      this.postings.set(keyOf(items[at]!), list);
    }
    if (this.entries.size > this.capacity) this.forgetOldest();
  }

  /** The earlier play of the same recording, if there is one: the one that most is known about. */
  sameAs(chromaprint: string, exceptPlayId?: string): EarlierPlay | undefined {
    let items: Uint32Array;
    try {
      items = chromaprintItems(chromaprint);
    } catch {
      return undefined;
    }
    const same: { entry: Entry; errors: number }[] = [];
    for (const { entry, offset } of this.candidates(items)) {
      if (entry.play.playId === exceptPlayId || same.some((found) => found.entry === entry)) continue;
      const overlap = Math.min(entry.items.length, items.length + offset) - Math.max(0, offset);
      const shorter = Math.min(entry.items.length, items.length);
      if (overlap * ITEM_S < MIN_OVERLAP_S || overlap < shorter * MIN_OVERLAP) continue;
      const errors = bitErrorRate(entry.items, items, offset);
      if (errors <= MAX_BIT_ERRORS) same.push({ entry, errors });
    }
    same.sort((a, b) => knownOf(b.entry.play) - knownOf(a.entry.play) || a.errors - b.errors);
    return same[0]?.entry.play;
  }

  /** The alignments that most items vote for. */
  private candidates(items: Uint32Array): { entry: Entry; offset: number }[] {
    const votes = new Map<Entry, Map<number, number>>();
    for (const [i, item] of items.entries()) {
      for (const { entry, at } of this.postings.get(keyOf(item)) ?? []) {
        const offsets = votes.get(entry) ?? new Map<number, number>();
        offsets.set(at - i, (offsets.get(at - i) ?? 0) + 1);
        votes.set(entry, offsets);
      }
    }
    return [...votes]
      .flatMap(([entry, offsets]) => [...offsets].map(([offset, count]) => ({ entry, offset, count })))
      .filter(({ count }) => count >= 3)
      .sort((a, b) => b.count - a.count)
      .slice(0, CANDIDATES);
  }

  private forgetOldest(): void {
    const [playId, oldest] = this.entries.entries().next().value!;
    this.entries.delete(playId);
    for (let at = 0; at < oldest.items.length; at += 2) {
      const key = keyOf(oldest.items[at]!);
      const left = this.postings.get(key)?.filter(({ entry }) => entry !== oldest) ?? [];
      if (left.length > 0) this.postings.set(key, left);
      else this.postings.delete(key);
    }
  }
}

/** The 28 bits that AcoustID's own index uses: the others change with every encoding. */
function keyOf(item: number): number {
  return item >>> 4;
}

/** How much is known about a play: its name before any number of answers. */
function knownOf({ outcome, acoustid, audd }: EarlierPlay): number {
  return (outcome ? 4 : 0) + Number(isAnswer(acoustid)) + Number(isAnswer(audd));
}
