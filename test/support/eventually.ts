/**
 * Polls until `look` gives something true, and gives that.
 * @param ms milliseconds after which it gives up
 * @throws Error with what was wrong last
 */
export async function eventually<T>(
  ms: number,
  look: () => Promise<T> | T,
  what: () => string = () => '',
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + ms;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found) return found as Exclude<T, false | null | undefined>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${ms / 1_000} s: ${last ?? ''} ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
