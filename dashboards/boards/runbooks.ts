import { p } from '../lib/phrase';

/** The first thing to do, by part of the system; a test holds that the parts are those of the alert rules. */
const FIRST_STEPS = [
  [
    'backend',
    p(
      '`docker compose ps backend`, puis `docker logs --tail 200 sodav-backend`',
      '`docker compose ps backend`, then `docker logs --tail 200 sodav-backend`',
    ),
  ],
  [
    'stations',
    p(
      'Tableau « Stations » : une seule (chez elle) ou toutes (notre réseau) ?',
      '“Stations” dashboard: one of them (theirs) or all (our network)?',
    ),
  ],
  [
    'detection',
    p(
      'Tableau « Détection Musicale » : retard, index, issues des essais',
      '“Détection Musicale” dashboard: backlog, index, outcomes',
    ),
  ],
  [
    'base',
    p(
      '`docker compose ps db`, puis `df -h` ; ne pas redémarrer le service',
      '`docker compose ps db`, then `df -h`; do not restart the service',
    ),
  ],
  [
    'journal',
    p('Rétablir la base ; ne jamais effacer le journal', 'Bring the database back; never delete the journal'),
  ],
  [
    'http',
    p(
      'Tableau « System Overview » : quelle route échoue ou ralentit ?',
      '“System Overview” dashboard: which route fails or is slow?',
    ),
  ],
  [
    'api',
    p(
      'Tableau « Détection Musicale », API externes : clé, quota ou panne chez eux ?',
      '“Détection Musicale” dashboard, external APIs: key, quota or their failure?',
    ),
  ],
  [
    'rapports',
    p(
      'Le journal du service dit pourquoi le rapport a échoué',
      'The service’s log says why the report failed',
    ),
  ],
  [
    'machine',
    p(
      '`docker stats --no-stream`, `df -h`, `timedatectl`',
      '`docker stats --no-stream`, `df -h`, `timedatectl`',
    ),
  ],
  [
    'supervision',
    p(
      'http://localhost:9090/targets, puis `npm run doctor`',
      'http://localhost:9090/targets, then `npm run doctor`',
    ),
  ],
] as const;

export const COMPONENTS: readonly string[] = FIRST_STEPS.map(([component]) => component);

const table = (language: 'fr' | 'en', head: string) =>
  [
    head,
    '| --- | --- |',
    ...FIRST_STEPS.map(([component, step]) => `| **${component}** | ${step[language]} |`),
  ].join('\n');

export const RUNBOOKS = p(
  `La fiche complète de chaque alerte est \`docs/runbooks/<alerte>.md\`. \`npm run doctor\` cherche de lui-même.\n\n${table('fr', '| partie | premier geste |')}`,
  `The full runbook of each alert is \`docs/runbooks/<alert>.md\` (French). \`npm run doctor\` searches by itself.\n\n${table('en', '| part | first step |')}`,
);
