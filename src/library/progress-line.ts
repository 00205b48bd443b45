import type { ImportProgress } from './folder-import';

const number = new Intl.NumberFormat('fr-FR');

/** « 3 min 12 s ». */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${s} s` : `${s} s`;
}

/** « 1 fichier », « 2 fichiers ». */
export function several(count: number, one: string, many: string): string {
  return `${number.format(count)} ${count < 2 ? one : many}`;
}

/** Where an import is after `elapsedS` seconds: files, times real time, what is left. */
export function progressLine(progress: ImportProgress, elapsedS: number): string {
  const { done, total, doneBytes, totalBytes, audioS, counts, problems } = progress;
  const parts = [`${number.format(done)}/${number.format(total)} fichiers`];
  if (audioS > 0) parts.push(`${number.format(Math.round(audioS / elapsedS))} × temps réel`);
  if (doneBytes > 0 && done < total) {
    parts.push(`reste ${duration((elapsedS * (totalBytes - doneBytes)) / doneBytes)}`);
  }
  if (counts.known > 0) parts.push(`${number.format(counts.known)} déjà là`);
  if (problems.length > 0) parts.push(several(problems.length, 'refusé', 'refusés'));
  return parts.join(' · ');
}

/** Shows the progress: on a terminal one line that is rewritten, elsewhere a line every ten seconds. */
export function progressPrinter(output: NodeJS.WriteStream, now: () => number = Date.now) {
  const started = now();
  let shown = started;
  const every = output.isTTY ? 200 : 10_000;
  return {
    show(progress: ImportProgress) {
      if (now() - shown < every) return;
      shown = now();
      const line = progressLine(progress, (now() - started) / 1000);
      output.write(output.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
    },
    /** @returns seconds since the start */
    end(): number {
      if (output.isTTY) output.write('\r\u001b[K');
      return (now() - started) / 1000;
    },
  };
}
