/** Peaks in order of time. Same length for all arrays. */
export interface RankedPeaks {
  /** Frame of each peak, with fraction. */
  readonly time: Float64Array;
  /** Bin of each peak, with fraction. */
  readonly frequency: Float32Array;
  /** Tilted log power: only good for ranking. */
  readonly strength: Float32Array;
  /** How many of the block are stronger. */
  readonly rank: Uint8Array;
}

/** Collects the peaks of a block and keeps the strongest. In columns: objects took longer than finding the peaks. */
export class BlockPeaks {
  private time: number[] = [];
  private frequency: number[] = [];
  private strength: number[] = [];

  get size(): number {
    return this.time.length;
  }

  /** Peaks come nearly in order of time. */
  add(time: number, frequency: number, strength: number): void {
    this.time.push(time);
    this.frequency.push(frequency);
    this.strength.push(strength);
  }

  /** The `limit` (at most 256) strongest; of equals those that were added first. Begins the next block. */
  take(limit: number): RankedPeaks {
    const { time, frequency, strength } = this;
    const byStrength = Array.from(strength, (_, peak) => peak);
    byStrength.sort((a, b) => strength[b]! - strength[a]!);
    const rankOf = new Int32Array(strength.length).fill(-1);
    const kept = Math.min(limit, byStrength.length);
    for (let rank = 0; rank < kept; rank++) rankOf[byStrength[rank]!] = rank;
    const order = byTime(time, rankOf, kept);
    this.time = [];
    this.frequency = [];
    this.strength = [];
    const ranked: RankedPeaks = {
      time: new Float64Array(kept),
      frequency: new Float32Array(kept),
      strength: new Float32Array(kept),
      rank: new Uint8Array(kept),
    };
    for (let i = 0; i < kept; i++) {
      const peak = order[i]!;
      ranked.time[i] = time[peak]!;
      ranked.frequency[i] = frequency[peak]!;
      ranked.strength[i] = strength[peak]!;
      ranked.rank[i] = rankOf[peak]!;
    }
    return ranked;
  }
}

/** The `kept` peaks that have a rank, by time, of simultaneous ones the strongest first. */
function byTime(time: readonly number[], rankOf: Int32Array, kept: number): Uint32Array {
  const order = new Uint32Array(kept);
  let n = 0;
  for (let peak = 0; peak < time.length; peak++) {
    if (rankOf[peak]! < 0) continue;
    // Insertion: a peak passes only those of its own frame and its neighbours.
    let at = n++;
    for (; at > 0; at--) {
      const other = order[at - 1]!;
      if (time[other]! < time[peak]! || (time[other] === time[peak] && rankOf[other]! < rankOf[peak]!)) break;
      order[at] = other;
    }
    order[at] = peak;
  }
  return order;
}
