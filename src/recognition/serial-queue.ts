/** Runs items one after the other, in order, and holds at most `limit` of them. */
export class SerialQueue<T> {
  private readonly waiting: T[] = [];
  private readonly forRoom: (() => void)[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly limit: number,
    /** Must not reject. */
    private readonly run: (item: T) => Promise<void>,
  ) {}

  /** Items that wait or are being run. */
  get length(): number {
    return this.waiting.length + (this.running ? 1 : 0);
  }

  /** Takes the item, or says false when there is no room. */
  offer(item: T): boolean {
    if (this.closed || this.length >= this.limit) return false;
    this.waiting.push(item);
    this.running ??= this.work();
    return true;
  }

  /** Takes the item as soon as there is room; false when the queue was closed meanwhile. */
  async put(item: T): Promise<boolean> {
    while (!this.offer(item)) {
      if (this.closed) return false;
      await new Promise<void>((resolve) => this.forRoom.push(resolve));
    }
    return true;
  }

  /** Begins nothing new; resolves when the running item is done. */
  async close(): Promise<void> {
    this.closed = true;
    this.makeRoom();
    await this.running;
  }

  private async work(): Promise<void> {
    for (let item = this.waiting.shift(); item !== undefined; item = this.waiting.shift()) {
      await this.run(item);
      this.makeRoom();
      if (this.closed) break;
    }
    this.running = undefined;
    this.makeRoom();
  }

  private makeRoom(): void {
    for (const resolve of this.forRoom.splice(0)) resolve();
  }
}
