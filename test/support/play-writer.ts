import { pino } from 'pino';
import { openDatabase } from '../../src/db/database';
import { PlayLog } from '../../src/plays/log';
import { PlayStore } from '../../src/plays/store';
import { playOf } from './stored-plays';

/**
 * A process that records plays without end, and prints each id once it has been told that the play is safe; a test kills
 * it. Arguments: folder, database URL, station, track.
 */
async function main(): Promise<void> {
  const [folder, url, stationId, trackId] = process.argv.slice(2);
  const store = new PlayStore(openDatabase(url!, { poolSize: 2 }));
  const log = await PlayLog.open({ folder: folder!, store, maxBytes: 1e8, log: pino({ level: 'silent' }) });
  for (let i = 0; ; i++) {
    const play = playOf(
      { stationId: Number(stationId), trackId: Number(trackId) },
      { startedAt: 1_700_000_000_000 + i },
    );
    await log.record({ ...play, status: 'open' });
    await log.record({ ...play, revision: 2 });
    process.stdout.write(`${play.id}\n`);
  }
}

void main();
