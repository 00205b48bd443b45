/** The answer of a server, or why there is none, in French. */
export type Answer =
  | { readonly reached: true; readonly status: number; readonly type: string; readonly text: string }
  | { readonly reached: false; readonly reason: string };

/** An answer larger than this is not read to its end, in bytes. */
const MOST_BYTES = 64e6;

/** One GET with a limit of time (ms) and size. Never throws. */
export async function ask(
  url: string,
  options: { readonly timeoutMs?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const { timeoutMs = 10_000, headers = {} } = options;
  try {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'manual',
    });
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      bytes += part.byteLength;
      if (bytes > MOST_BYTES) return { reached: false, reason: `réponse de plus de ${MOST_BYTES / 1e6} Mo` };
      parts.push(part);
    }
    const text = Buffer.concat(parts).toString('utf8');
    return { reached: true, status: response.status, type: response.headers.get('content-type') ?? '', text };
  } catch (error) {
    return { reached: false, reason: reasonOf(error, timeoutMs) };
  }
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connexion refusée',
  ECONNRESET: 'connexion coupée',
  ENOTFOUND: 'nom inconnu',
  EAI_AGAIN: 'nom inconnu (DNS injoignable)',
  EHOSTUNREACH: 'machine injoignable',
  ENETUNREACH: 'réseau injoignable',
  UND_ERR_SOCKET: 'connexion coupée',
};

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `pas de réponse en ${timeoutMs / 1_000} s`;
  const cause = error.cause as { code?: string; errors?: { code?: string }[]; message?: string } | undefined;
  const code = cause?.code ?? cause?.errors?.[0]?.code;
  return (code !== undefined && REASONS[code]) || (cause?.message ?? error.message);
}
