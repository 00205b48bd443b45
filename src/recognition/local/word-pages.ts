/** Words of one page: 1 MiB, which the allocator takes from the system by itself and gives back whole. */
const PAGE_WORDS = 2 ** 18;

/**
 * Memory for the peaks of many tracks until they are in an index. In shared pages: the thread that builds the index reads
 * them where they are, and when they are not needed any more the memory is free again. Thousands of small arrays, and
 * their copies in the other thread, would leave the heap full of holes.
 */
export class WordPages {
  private page: Uint32Array = new Uint32Array(0);
  private used = 0;

  /** An array of its own, zero. */
  take(count: number): Uint32Array {
    if (this.used + count > this.page.length) {
      this.page = new Uint32Array(new SharedArrayBuffer(4 * Math.max(PAGE_WORDS, count)));
      this.used = 0;
    }
    this.used += count;
    return this.page.subarray(this.used - count, this.used);
  }

  /** What comes next does not keep the memory of what was taken so far. */
  turn(): void {
    this.page = new Uint32Array(0);
    this.used = 0;
  }
}
