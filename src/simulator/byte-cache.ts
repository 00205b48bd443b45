/** Keeps what was made, up to a number of bytes; the least recently used goes first. */
export class ByteCache<T extends { readonly byteLength: number }> {
  private readonly kept = new Map<string, T>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  has(name: string): boolean {
    return this.kept.has(name);
  }

  get(name: string): T | undefined {
    const value = this.kept.get(name);
    if (value !== undefined) {
      this.kept.delete(name);
      this.kept.set(name, value);
    }
    return value;
  }

  /** What was put last stays, however large it is. */
  put(name: string, value: T): void {
    this.bytes += value.byteLength - (this.kept.get(name)?.byteLength ?? 0);
    this.kept.delete(name);
    this.kept.set(name, value);
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= this.maxBytes || oldest === name) break;
      this.kept.delete(oldest);
      this.bytes -= old.byteLength;
    }
  }
}
