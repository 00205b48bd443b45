import { alertsAndSlo } from './boards/alerts-and-slo';
import { detection } from './boards/detection';
import { overview } from './boards/overview';
import { stations } from './boards/stations';
import { type Board, build } from './lib/board';
import type { Language } from './lib/phrase';

export const DASHBOARDS: readonly Board[] = [overview, detection, stations, alertsAndSlo];

/** The text of the committed file. */
export function render(board: Board, language: Language): string {
  return `${JSON.stringify(build(board, language), null, 2)}\n`;
}
