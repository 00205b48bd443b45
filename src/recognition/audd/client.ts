import { SAMPLE_RATE } from '../../audio';
import { type Clock, systemClock } from '../../clock';
import { type ApiAnswer, type ApiReply, type ApiStatus, answerOfStatus, callApi, jsonOf } from '../api-call';
import { type Budget, nextUtcDay } from '../budget';
import { skipped, withoutName } from '../stage-outcome';
import type { StageOutcome } from '../types';
import { type RecognizeResult, recognizeAnswer } from './answer';
import { identify } from './identify';
import { wavOf } from './wav';

/** After an answer that refuses our token or blocks us, nobody is asked for this long. */
const REFUSED_PAUSE_MS = 3_600_000;
/** The longest clip that AudD's standard recognition takes, seconds. */
export const MAX_CLIP_S = 25;

export interface AuddOptions {
  /** The account's token; absent: the stage is off. */
  readonly token: string | undefined;
  readonly url: string;
  /** Every request is paid for: it is taken from this budget before it is sent. */
  readonly budget: Budget;
  /** Time limit of one request, ms. */
  readonly timeoutMs?: number;
  /** Requests in all for one clip. */
  readonly attempts?: number;
  /** The world's time: the service on the other side knows no faster one. */
  readonly clock?: Clock;
}

/** Asks AudD which recording a short clip is from. */
export class AuddClient {
  private readonly clock: Clock;
  private stoppedUntil = 0;
  private stoppedWhy = '';

  constructor(private readonly options: AuddOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** False without a token: the stage does not exist then. */
  get enabled(): boolean {
    return this.options.token !== undefined;
  }

  /**
   * Has one clip recognised. Never throws for what the service or the budget's database does; rejects only with
   * `signal`'s reason.
   * @param clip mono PCM at SAMPLE_RATE, at most MAX_CLIP_S
   * @throws RangeError for a clip that is empty or too long
   */
  async recognize(clip: Int16Array, signal?: AbortSignal): Promise<StageOutcome> {
    const { token } = this.options;
    if (clip.length === 0 || clip.length > MAX_CLIP_S * SAMPLE_RATE) {
      throw new RangeError(`a clip of ${clip.length} samples is not one of at most ${MAX_CLIP_S} s`);
    }
    if (token === undefined) return skipped('audd', 'pas de jeton AudD');
    if (this.clock.now() < this.stoppedUntil) return skipped('audd', this.stoppedWhy, this.stoppedUntil);
    const wav = wavOf(clip, SAMPLE_RATE);
    let unpaid: { why: string; notBefore: number } | undefined;
    const answer = await callApi<RecognizeResult>({
      api: 'audd',
      endpoint: 'recognize',
      attempts: this.options.attempts ?? 2,
      timeoutMs: this.options.timeoutMs ?? 20_000,
      clock: this.clock,
      signal,
      before: async () => {
        unpaid = await this.unpaid();
        return unpaid === undefined ? undefined : { status: 'quota', detail: unpaid.why };
      },
      send: (limit) => {
        const form = new FormData();
        form.set('api_token', token);
        form.set('return', 'apple_music,spotify,musicbrainz,deezer');
        form.set('file', new Blob([new Uint8Array(wav)], { type: 'audio/wav' }), 'clip.wav');
        return fetch(this.options.url, {
          method: 'POST',
          headers: { accept: 'application/json', 'user-agent': 'SODAV-Monitor/0.1' },
          body: form,
          redirect: 'manual',
          signal: limit,
        });
      },
      read: (reply) => this.read(reply),
    });
    if (unpaid !== undefined) return skipped('audd', unpaid.why, unpaid.notBefore);
    this.heed(answer);
    if (answer.status !== 'success' || !answer.value) return withoutName('audd', answer, this.stoppedUntil);
    const identification = identify(answer.value);
    const detail = `${identification.artists.join(', ')} – ${identification.title}`;
    return { method: 'audd', status: 'success', identification, detail };
  }

  /** Why no request may be paid for now; `undefined` once one has been taken from the budget. */
  private async unpaid(): Promise<{ why: string; notBefore: number } | undefined> {
    const now = this.clock.now();
    try {
      if (await this.options.budget.take()) return undefined;
      return { why: 'budget AudD du jour épuisé', notBefore: nextUtcDay(now) };
    } catch {
      return { why: 'budget AudD illisible : rien n’est dépensé sans compter', notBefore: now };
    }
  }

  private read(reply: ApiReply): ApiAnswer<RecognizeResult> {
    const parsed = recognizeAnswer.safeParse(jsonOf(reply.body));
    if (parsed.success && parsed.data.status === 'error') {
      const { error_code: code, error_message: message } = parsed.data.error;
      // The message is the service's; it may repeat what we sent.
      const shown = message.slice(0, 200).replaceAll(this.options.token!, '***');
      return { status: statusOfError(code), detail: `erreur AudD ${code} : ${shown}` };
    }
    const byStatus = answerOfStatus<RecognizeResult>(reply, this.clock.now());
    if (byStatus) return byStatus;
    if (!parsed.success || parsed.data.status !== 'success') {
      return { status: 'invalid_answer', detail: "la réponse n'est pas celle du protocole AudD" };
    }
    const { result } = parsed.data;
    if (result === null) return { status: 'no_match', detail: 'inconnu d’AudD' };
    return { status: 'success', value: result, detail: 'reconnu' };
  }

  /** Stops asking where asking again would be refused (and perhaps paid for) again. */
  private heed(answer: ApiAnswer<unknown>): void {
    if (answer.status === 'quota') {
      this.stoppedUntil = nextUtcDay(this.clock.now());
      this.stoppedWhy = 'quota AudD atteint : plus de demande avant demain (UTC)';
    } else if (answer.status === 'unauthorized') {
      this.stoppedUntil = this.clock.now() + REFUSED_PAUSE_MS;
      this.stoppedWhy = `AudD refuse notre compte (${answer.detail})`;
    }
  }
}

/** AudD answers errors with a code in the body, mostly under HTTP 200. */
function statusOfError(code: number): ApiStatus {
  switch (code) {
    case 900: // wrong token
    case 901: // no token
    case 903: // token of another kind
    case 19: // blocked
    case 31337: // blocked
      return 'unauthorized';
    case 902: // the account's limit is reached
      return 'quota';
    case 100:
    case 1000:
      return 'server_error';
    default: // 300, 400, 500: the audio; 600, 700: the request
      return 'client_error';
  }
}
