import { encodeAudio } from './audio';
import type { Radio } from './radio';

/** A live HLS station: a window of segments that slides when it is told to. */
export class HlsStation {
  readonly segments: { path: string; seconds: number; discontinuity?: boolean }[] = [];
  first = 0;
  window = 3;
  ended = false;
  /** Extra lines after the head, e.g. an EXT-X-MAP. */
  head = '';

  constructor(
    private readonly radio: Radio,
    private readonly folder: string,
    private readonly targetS: number,
  ) {
    radio.on(`${folder}/live.m3u8`, (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/vnd.apple.mpegurl' }).end(this.playlist());
    });
  }

  get url(): string {
    return `${this.radio.address}${this.folder}/live.m3u8`;
  }

  /** Adds a segment at the end of what will be aired. */
  add(data: Buffer, seconds: number, name: string, discontinuity = false): void {
    const path = `${this.folder}/${name}`;
    this.radio.serve(path, data, 'application/octet-stream');
    this.segments.push({ path, seconds, discontinuity });
  }

  /** Segments of a real encoder: each begins where the last one ended. */
  addScale(format: 'mpegts' | 'aac' | 'mp3', count: number, seconds: number): void {
    const start = this.segments.length;
    for (let n = start; n < start + count; n++) {
      this.add(encodeAudio(format, { seconds, from: n * seconds }), seconds, `${n}.${format}`);
    }
  }

  private playlist(): string {
    const shown = this.segments.slice(this.first, this.first + this.window);
    const lines = shown.flatMap(({ path, seconds, discontinuity }) => [
      ...(discontinuity ? ['#EXT-X-DISCONTINUITY'] : []),
      `#EXTINF:${seconds.toFixed(3)},`,
      path,
    ]);
    return [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      `#EXT-X-TARGETDURATION:${this.targetS}`,
      `#EXT-X-MEDIA-SEQUENCE:${this.first}`,
      ...(this.head ? [this.head] : []),
      ...lines,
      ...(this.ended ? ['#EXT-X-ENDLIST'] : []),
      '',
    ].join('\n');
  }
}
