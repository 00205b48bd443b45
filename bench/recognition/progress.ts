/** What a long command says while it runs: a line that is overwritten on a terminal, and lines that stay. */
export class Progress {
  private last = 0;
  private shown = 0;

  constructor(
    private readonly step: string,
    private readonly out: NodeJS.WriteStream = process.stderr,
  ) {}

  /** @param share 0–1 */
  show(share: number, what: string): void {
    const now = Date.now();
    if (now - this.last < (this.out.isTTY ? 100 : 10_000)) return;
    this.last = now;
    const line = `${this.step} : ${(100 * share).toFixed(0)} % ${what}`.slice(0, 100);
    this.out.write(this.out.isTTY ? `\r${line.padEnd(this.shown)}` : `${line}\n`);
    this.shown = line.length;
  }

  say(line: string): void {
    if (this.out.isTTY) this.out.write(`\r${' '.repeat(this.shown)}\r`);
    this.out.write(`${line}\n`);
  }
}
