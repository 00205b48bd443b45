import type { Logger } from '../log';
import type { RecognitionReport } from '../recognition/types';

/** Lines that were announced, at most: the oldest are forgotten first. */
const REMEMBERED = 10_000;

/** Tells people, once per line, which song was recognised where. Names are read when they are needed. */
export class Announcer {
  private readonly told = new Set<string>();

  constructor(
    private readonly options: {
      readonly log: Logger;
      stationName(id: number): string | undefined;
      track(id: number): Promise<{ title: string; artists: readonly string[] } | undefined>;
    },
  ) {}

  report({ stationId, sessionId, lines }: RecognitionReport): void {
    for (const line of lines) {
      const key = `${sessionId}/${line.lineId}`;
      if (this.told.has(key)) continue;
      this.told.add(key);
      if (this.told.size > REMEMBERED) this.told.delete(this.told.values().next().value!);
      void this.tell(stationId, line.trackId, line.confidence);
    }
  }

  private async tell(stationId: number, trackId: number, confidence: number): Promise<void> {
    const { log, stationName, track } = this.options;
    const station = stationName(stationId) ?? `station ${stationId}`;
    // Without the database there are no names; the number says it too.
    const known = await track(trackId).catch(() => undefined);
    const song = known ? [known.title, ...known.artists].join(' – ') : `piste ${trackId}`;
    log.info(
      { stationId, trackId, confidence: Math.round(confidence * 1000) / 1000 },
      `♪ ${station} : ${song}`,
    );
  }
}
