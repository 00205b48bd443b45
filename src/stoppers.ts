import type { Logger } from './log';

/** For how long one step may take, ms. */
const STEP_MS = 10_000;

/** What was started, in order; stopped in the opposite one. A step that fails or hangs does not keep the rest. */
export class Stoppers {
  private readonly steps: { readonly name: string; stop(): unknown }[] = [];

  add(name: string, stop: () => unknown): void {
    this.steps.push({ name, stop });
  }

  async run(log: Logger): Promise<void> {
    for (const { name, stop } of this.steps.splice(0).reverse()) {
      try {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error('trop long')), STEP_MS);
        });
        await Promise.race([stop(), late]);
        clearTimeout(timer);
      } catch (error) {
        log.warn({ err: error }, `Arrêt de « ${name} » incomplet`);
      }
    }
  }
}
