/** `npm run stations:import -- <file.csv|file.json>`: many stations at once. */
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT, fromCallersFolder, runCommand } from '../command';
import { loadConfig } from '../config/config';
import { connect } from '../db/connect';
import { migrate } from '../db/database';
import { AppError } from '../errors';
import { conflictsWith, type RowError, readStationFile } from './import';
import { StationStore } from './store';

const USAGE = `Usage : npm run stations:import -- <fichier.csv|fichier.json>

Ajoute les stations du fichier, et change celles qui portent déjà le même nom. Colonnes ou champs, en français ou en
anglais : nom (name), url (adresse, flux), pause (oui ou non ; facultatif). Une seule erreur, et rien n'est changé.`;

/** Largest file that is read, bytes. */
const LARGEST = 20e6;

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return EXIT.ok;
  }
  if (args.length !== 1) {
    console.error(USAGE);
    return EXIT.failed;
  }
  const path = resolve(fromCallersFolder(), args[0]!);
  const { rows, errors, ignored } = readStationFile(await read(path), path);
  if (ignored.length > 0) console.log(`Colonnes laissées de côté : ${ignored.join(', ')}.`);
  if (errors.length > 0) return refuse(path, errors);

  const connection = await connect(loadConfig(process.env));
  try {
    await migrate(connection.knex);
    const store = new StationStore(connection.knex);
    const conflicts = conflictsWith(await store.list(), rows);
    if (conflicts.length > 0) return refuse(path, conflicts);
    const { added, changed, same } = await store.upsert(rows.map(({ input }) => input));
    console.log(`Stations : ${added} ajoutées, ${changed} changées, ${same} inchangées.`);
    return EXIT.ok;
  } finally {
    await connection.close();
  }
}

function refuse(path: string, errors: readonly RowError[]): number {
  console.error(`${path} : rien n'a été changé, ${errors.length} erreur${errors.length > 1 ? 's' : ''} :`);
  for (const { row, message } of errors.toSorted((a, b) => a.row - b.row)) {
    console.error(`  ligne ${row} : ${message}`);
  }
  return EXIT.partly;
}

async function read(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST) {
      throw new AppError('invalid_station_file', 422, {
        fr: `${path} : le fichier est trop grand.`,
        en: `${path}: the file is too large.`,
      });
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? "ce fichier n'existe pas" : 'ce fichier ne se laisse pas lire';
    throw new AppError('invalid_station_file', 422, {
      fr: `${path} : ${why}.`,
      en: `${path}: cannot be read.`,
    });
  }
}

void runCommand(main);
