import { gzipSync } from 'node:zlib';
import { type Clock, systemClock } from '../../clock';
import {
  type ApiAnswer,
  type ApiReply,
  type ApiStatus,
  answerOfStatus,
  callApi,
  jsonOf,
  retryAfter,
} from '../api-call';
import { RateGate } from '../rate-gate';
import { skipped, withoutName } from '../stage-outcome';
import type { StageOutcome } from '../types';
import { type LookupResult, lookupAnswer } from './answer';
import { choose } from './choose';

/** Under this score an answer is told to people but names no play: a royalty depends on it. */
export const MIN_SCORE = 0.8;

/** AcoustID allows three requests a second: one gate for the whole process, however many clients it has. */
const PROCESS_GATE = new RateGate(350, systemClock);

/** After an answer that refuses our key, nobody is asked for this long. */
const REFUSED_PAUSE_MS = 3_600_000;

export interface AcoustIdOptions {
  /** The application's key; absent: the stage is off. */
  readonly key: string | undefined;
  readonly url: string;
  /** Time limit of one request, ms. */
  readonly timeoutMs?: number;
  /** Requests in all for one look-up. */
  readonly attempts?: number;
  /** The world's time: the service on the other side knows no faster one. */
  readonly clock?: Clock;
  readonly gate?: RateGate;
}

/** Asks AcoustID which recording a whole fingerprinted play is. */
export class AcoustIdClient {
  private readonly clock: Clock;
  private readonly gate: RateGate;
  private refusedUntil = 0;

  constructor(private readonly options: AcoustIdOptions) {
    this.clock = options.clock ?? systemClock;
    this.gate = options.gate ?? PROCESS_GATE;
  }

  /** False without a key: the stage does not exist then. */
  get enabled(): boolean {
    return this.options.key !== undefined;
  }

  /**
   * Looks one whole play up. Never throws for what the service does; rejects only with `signal`'s reason.
   * @param play.durationS duration of the whole recording as aired, seconds
   * @param play.fingerprint compressed base64 Chromaprint fingerprint
   */
  async lookup(
    play: { durationS: number; fingerprint: string },
    signal?: AbortSignal,
  ): Promise<StageOutcome> {
    const { key } = this.options;
    if (key === undefined) return skipped('acoustid', 'pas de clé AcoustID');
    if (this.clock.now() < this.refusedUntil)
      return skipped('acoustid', 'clé AcoustID refusée récemment', this.refusedUntil);
    const body = gzipSync(
      new URLSearchParams({
        client: key,
        format: 'json',
        duration: String(Math.round(play.durationS)),
        fingerprint: play.fingerprint,
        meta: 'recordings releasegroups sources compress',
      }).toString(),
    );
    const answer = await callApi<readonly LookupResult[]>({
      api: 'acoustid',
      endpoint: 'lookup',
      attempts: this.options.attempts ?? 3,
      timeoutMs: this.options.timeoutMs ?? 10_000,
      clock: this.clock,
      signal,
      before: async () => {
        await this.gate.pass(signal);
        return undefined;
      },
      send: (limit) =>
        fetch(this.options.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            'content-encoding': 'gzip',
            accept: 'application/json',
            'user-agent': 'SODAV-Monitor/0.1',
          },
          body,
          redirect: 'manual',
          signal: limit,
        }),
      read: (reply) => this.read(reply),
    });
    if (answer.status === 'unauthorized') this.refusedUntil = this.clock.now() + REFUSED_PAUSE_MS;
    return this.outcome(answer, play.durationS);
  }

  private read(reply: ApiReply): ApiAnswer<readonly LookupResult[]> {
    const parsed = lookupAnswer.safeParse(jsonOf(reply.body));
    const byStatus = answerOfStatus<readonly LookupResult[]>(reply, this.clock.now());
    if (parsed.success && parsed.data.status === 'error') {
      const { code, message } = parsed.data.error;
      const wait = retryAfter(reply.headers, this.clock.now());
      const status = statusOfError(code) ?? byStatus?.status ?? 'client_error';
      // The message is the service's; it may repeat what we sent.
      const detail = `erreur AcoustID ${code} : ${message.slice(0, 200).replaceAll(this.options.key!, '***')}`;
      const answer = { status, detail, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
      return this.obey(answer);
    }
    if (byStatus) return this.obey(byStatus);
    if (!parsed.success || parsed.data.status !== 'ok') {
      return { status: 'invalid_answer', detail: "la réponse n'est pas celle du protocole AcoustID" };
    }
    const { results } = parsed.data;
    const status = results.length > 0 ? 'success' : 'no_match';
    return { status, value: results, detail: `${results.length} résultat(s)` };
  }

  /** Everyone waits when the service says that we ask too much, not only the one who was told. */
  private obey<T>(answer: ApiAnswer<T>): ApiAnswer<T> {
    if (answer.retryAfterMs !== undefined) this.gate.holdUntil(this.clock.now() + answer.retryAfterMs);
    return answer;
  }

  private outcome(answer: ApiAnswer<readonly LookupResult[]>, durationS: number): StageOutcome {
    if (answer.status !== 'success') return withoutName('acoustid', answer, this.refusedUntil);
    const identification = choose(answer.value ?? [], durationS);
    if (!identification) {
      return {
        method: 'acoustid',
        status: 'no_match',
        detail: 'connu d’AcoustID, sans nom dans MusicBrainz',
      };
    }
    const score = identification.confidence!;
    const status = score >= MIN_SCORE ? 'success' : 'low_confidence';
    const detail = `${identification.artists.join(', ')} – ${identification.title} (score ${score.toFixed(2)})`;
    return { method: 'acoustid', status, identification, detail };
  }
}

/** AcoustID's error codes that say more than "the request was wrong". */
function statusOfError(code: number): ApiStatus | undefined {
  switch (code) {
    case 4: // invalid API key
    case 12: // not allowed
    case 17: // unknown application
      return 'unauthorized';
    case 5: // internal error
    case 13: // service unavailable
      return 'server_error';
    case 14: // too many requests
      return 'rate_limited';
    default:
      return undefined;
  }
}
