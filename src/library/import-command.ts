/** `npm run library:import -- <folder>`: audio files become tracks, artists and fingerprints. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { EXIT, fromCallersFolder, runCommand } from '../command';
import { loadConfig } from '../config/config';
import { connect } from '../db/connect';
import { migrate } from '../db/database';
import { FINGERPRINT_VERSION } from '../recognition/local/params';
import { AnalyserPool } from './analyser/pool';
import { ThreadedDuplicateFinder } from './duplicates/finder';
import { type ImportProgress, importFiles, type Problem } from './folder-import';
import { Importer } from './importer';
import { duration, progressPrinter, several } from './progress-line';
import { LibraryStore } from './store';
import { type Listing, listAudio } from './walk';

const USAGE = `Usage : npm run library:import -- <dossier> […]

Importe les fichiers audio d'un ou de plusieurs dossiers (et de leurs sous-dossiers) dans la bibliothèque de référence.
Un enregistrement que la bibliothèque a déjà sous une autre forme devient le doublon du premier (--sans-doublons : ne pas
les chercher). On peut interrompre et relancer : ce qui est déjà importé n'est pas refait, et un même fichier n'entre jamais deux fois.
Résultat : 0 si tout est importé, 1 si des fichiers sont refusés (la liste est donnée à la fin), 2 si rien n'a pu se
faire.`;

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return EXIT.ok;
  }
  const folders = args.filter((arg) => arg !== '--sans-doublons');
  if (folders.length === 0 || folders.some((arg) => arg.startsWith('-'))) {
    console.error(USAGE);
    return EXIT.failed;
  }
  const config = loadConfig(process.env);
  const listing = await list(folders.map((folder) => resolve(fromCallersFolder(), folder)));
  if (listing.files.length === 0) {
    printProblems('Illisibles', listing.problems);
    console.error('Aucun fichier audio à importer ici.');
    return listing.problems.length > 0 ? EXIT.failed : EXIT.ok;
  }
  const parallel = availableParallelism();
  const others =
    listing.others > 0 ? ` (${several(listing.others, 'autre laissé', 'autres laissés')} de côté)` : '';
  console.log(
    `${several(listing.files.length, 'fichier audio', 'fichiers audio')}${others}, ${several(parallel, 'cœur', 'cœurs')}.`,
  );

  const connection = await connect(config);
  const analyser = new AnalyserPool({ processes: parallel });
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  let duplicates: ThreadedDuplicateFinder | undefined;
  try {
    await migrate(connection.knex);
    const store = new LibraryStore(connection.knex);
    if (folders.length === args.length) {
      duplicates = await ThreadedDuplicateFinder.load(store.fingerprints(FINGERPRINT_VERSION));
    }
    const importer = new Importer({
      ...{ store, analyser, version: FINGERPRINT_VERSION },
      ...(duplicates === undefined ? {} : { duplicates }),
    });
    const printer = progressPrinter(process.stdout);
    const progress = await importFiles({
      ...{ files: listing.files, importer, signal: interruption.signal },
      // One file more than there are processes: while one is written, the next is read.
      parallel: parallel + 1,
      onProgress: printer.show,
    }).catch((error) => {
      printer.end();
      console.error(
        "L'importation s'est arrêtée. Ce qui est importé est gardé : relancer la même commande ensuite.",
      );
      throw error;
    });
    const problems = [...listing.problems, ...progress.problems];
    summarise(progress, problems, printer.end());
    if (interruption.signal.aborted) {
      console.log(
        `Interrompu : relancer la même commande pour les ${progress.total - progress.done} restants.`,
      );
      return EXIT.interrupted;
    }
    return problems.length > 0 ? EXIT.partly : EXIT.ok;
  } finally {
    await duplicates?.stop();
    await analyser.stop();
    await connection.close();
  }
}

async function list(folders: readonly string[]): Promise<Listing> {
  const listings = await Promise.all(folders.map(listAudio));
  const files = new Map(listings.flatMap((listing) => listing.files).map((file) => [file.path, file]));
  return {
    files: [...files.values()],
    others: listings.reduce((sum, listing) => sum + listing.others, 0),
    problems: listings.flatMap((listing) => listing.problems),
  };
}

function summarise(progress: ImportProgress, problems: readonly Problem[], elapsedS: number): void {
  const { counts, audioS, warnings, twins } = progress;
  const speed = audioS > 0 ? `, ${Math.round(audioS / elapsedS)} × temps réel` : '';
  const parts = [several(counts.imported, 'importé', 'importés')];
  if (counts.known > 0) parts.push(`${counts.known} déjà là`);
  if (counts.refreshed > 0) parts.push(several(counts.refreshed, 'empreinte refaite', 'empreintes refaites'));
  if (counts.duplicate > 0) parts.push(several(counts.duplicate, 'doublon', 'doublons'));
  parts.push(several(problems.length, 'refusé', 'refusés'));
  console.log(
    `Terminé en ${duration(elapsedS)} (${duration(audioS)} de musique${speed}) : ${parts.join(', ')}.`,
  );
  printProblems(
    'Même enregistrement qu’un autre titre (les diffusions iront à celui-ci)',
    twins.map(({ path, trackId, duplicateOf }) => ({ path, reason: `n° ${trackId} = n° ${duplicateOf}` })),
  );
  printProblems('À vérifier', warnings);
  printProblems('Refusés', problems);
}

function printProblems(title: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  console.log(`${title} :`);
  for (const { path, reason } of problems) console.log(`  ${path} : ${reason}`);
}

void runCommand(main);
