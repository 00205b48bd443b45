import { ConfigError, loadConfig } from '../config/config';
import type { Finding } from './finding';
import { checkGrafana, checkPanels } from './grafana';
import { type Options, options, USAGE, UsageError } from './options';
import { checkPrometheus, Prometheus } from './prometheus';
import { checkService } from './service';

const MARKS = { ok: '✔', note: 'ℹ', doubt: '⚠', fault: '✘' } as const;

async function examine(chosen: Options): Promise<Finding[]> {
  const service = await checkService(chosen.service, chosen.metricsToken);
  if (chosen.serviceOnly) return service;
  const prometheus = new Prometheus(chosen.prometheus);
  const watching = await checkPrometheus(prometheus);
  const absent = watching.some(({ about, level }) => about === 'Prometheus' && level === 'fault');
  const panels = absent ? [] : await checkPanels(prometheus);
  return [...service, ...watching, ...(await checkGrafana(chosen.grafana, chosen.grafanaLogin)), ...panels];
}

function show(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ level, about, text, todo }) => [
    `${MARKS[level]} ${about} : ${text}`,
    ...(todo === undefined ? [] : [`    → ${todo}`]),
  ]);
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const [faults, doubts] = [count('fault'), count('doubt')];
  const verdict =
    faults + doubts === 0
      ? 'Tout va bien.'
      : `${faults} ${faults > 1 ? 'problèmes' : 'problème'}, ${doubts} ${doubts > 1 ? 'points' : 'point'} à regarder.`;
  return [...lines, '', verdict].join('\n');
}

async function main(): Promise<number> {
  try {
    const chosen = options(process.argv.slice(2), loadConfig(process.env));
    if (chosen === 'help') {
      console.log(USAGE);
      return 0;
    }
    const findings = await examine(chosen);
    console.log(chosen.json ? findings.map((finding) => JSON.stringify(finding)).join('\n') : show(findings));
    return findings.some(({ level }) => level === 'fault') ? 1 : 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    console.error(error.message);
    if (error instanceof UsageError) console.error(`\n${USAGE}`);
    return 2;
  }
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error) => {
    console.error(error);
    process.exitCode = 2;
  },
);
