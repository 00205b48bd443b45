import type { Clock } from '../clock';
import { StreamError } from './fault';

const CHECK_MS = 2_500;
/** No byte for so long: the station is silent on the wire. HLS comes in lumps and watches its playlist itself. */
const STALL_MS = { bytes: 15_000, hls: Number.POSITIVE_INFINITY };
/** Bytes or not, no audio for so long. */
const MUTE_MS = { bytes: 45_000, hls: 120_000 };
/** What a station that really sends has sent by then. */
const FEW_BYTES = 16 * 1024;

/** Notices that a connection brings nothing any more, from `begin` on; until then the client has its own limits. */
export class Watch {
  private kind: 'bytes' | 'hls' = 'bytes';
  private bytesAt = 0;
  private audioAt = 0;
  private bytesSinceAudio = 0;
  private held = false;
  private cancel: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly fail: (error: StreamError) => void,
  ) {}

  /** The answer is there: bytes and audio are due from now on. */
  begin(kind: 'bytes' | 'hls'): void {
    this.kind = kind;
    this.bytesAt = this.audioAt = this.clock.now();
    this.check();
  }

  bytes(count: number): void {
    this.bytesAt = this.clock.now();
    this.bytesSinceAudio += count;
  }

  audio(): void {
    this.audioAt = this.clock.now();
    this.bytesSinceAudio = 0;
  }

  /** We ourselves do not read for a while. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.bytesAt = this.audioAt = this.clock.now();
  }

  stop(): void {
    this.cancel();
  }

  private check(): void {
    this.cancel = this.clock.after(CHECK_MS, () => {
      this.check();
      if (this.held) return;
      const now = this.clock.now();
      const [stallMs, muteMs] = [STALL_MS[this.kind], MUTE_MS[this.kind]];
      if (now - this.bytesAt > stallMs) {
        this.fail(new StreamError('stall', `no bytes for ${stallMs / 1000} s`));
      } else if (now - this.audioAt > muteMs) {
        const fault = this.bytesSinceAudio < FEW_BYTES ? 'stall' : 'garbage';
        this.fail(
          new StreamError(fault, `${this.bytesSinceAudio} bytes without audio in ${muteMs / 1000} s`),
        );
      }
    });
  }
}
