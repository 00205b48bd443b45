import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { PlayView } from './queries/plays';

/** A cell; absent values are empty cells. */
type Cell = string | number | boolean | undefined;

/**
 * A CSV text as a stream: UTF-8 with its mark and CRLF, so that spreadsheets read it; a text that a spreadsheet would take for a
 * formula is defused.
 */
export function csvStream(
  columns: readonly string[],
  rows: AsyncIterable<readonly Cell[]> | Iterable<readonly Cell[]>,
): Readable {
  const source = Readable.from(rows);
  const sheet = stringify({
    header: true,
    columns: [...columns],
    bom: true,
    record_delimiter: '\r\n',
    escape_formulas: true,
    cast: { boolean: (value) => (value ? 'oui' : 'non') },
  });
  // `pipe` does not pass errors on: without this a broken export would look like a whole one.
  source.once('error', (error) => sheet.destroy(error));
  sheet.once('close', () => source.destroy());
  return source.pipe(sheet);
}

export const PLAY_COLUMNS = [
  'id',
  'station',
  'station_simulated',
  'kind',
  'status',
  'title',
  'artists',
  'album',
  'label',
  'isrc',
  'track_id',
  'method',
  'confidence',
  'started_at',
  'start_error_s',
  'ended_at',
  'end_error_s',
  'duration_s',
  'cut_reason',
] as const;

export async function* playRows(plays: AsyncIterable<PlayView>): AsyncGenerator<readonly Cell[]> {
  for await (const play of plays) {
    yield [
      play.id,
      play.station.name,
      play.station.simulated,
      play.kind,
      play.status,
      play.track?.title,
      play.track?.artists.join(' ; '),
      play.track?.album,
      play.track?.label,
      play.track?.isrc,
      play.track?.id,
      play.method,
      play.confidence,
      play.started_at,
      play.start_error_s,
      play.ended_at,
      play.end_error_s,
      play.duration_s,
      play.cut_reason,
    ];
  }
}
