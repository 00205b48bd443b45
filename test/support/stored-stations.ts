import type { Knex } from 'knex';
import { AppError } from '../../src/errors';
import type { Station, Stations } from '../../src/http/deps';

interface Row {
  id: string;
  name: string;
  url: string;
  paused: boolean;
  simulated: boolean;
}

const stationOf = (row: Row): Station => ({ ...row, id: Number(row.id) });

/** Stations straight from the table. */
export function storedStations(knex: Knex): Stations {
  const columns = ['id', 'name', 'url', 'paused', 'simulated'];
  const live = () => knex('stations').whereNull('removed_at');
  const one = (rows: Row[]) => {
    if (rows[0] === undefined) throw new AppError('station_not_found', 404, { fr: '', en: '' });
    return stationOf(rows[0]);
  };
  return {
    list: async () => (await live().orderBy('id').select(columns)).map(stationOf),
    get: async (id) => {
      const row: Row | undefined = await live().where({ id }).first(columns);
      return row === undefined ? undefined : stationOf(row);
    },
    add: async (input) => one(await knex('stations').insert(input).returning(columns)),
    change: async (id, patch) => one(await live().where({ id }).update(patch).returning(columns)),
    remove: (id) => live().where({ id }).update({ removed_at: knex.fn.now() }),
  };
}
