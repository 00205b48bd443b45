import type { Board } from '../lib/board';
import { figure, tally } from '../lib/figures';
import { lines } from '../lib/graphs';
import { COLOURS, moreIsBetter, moreIsWorse, words } from '../lib/panel';
import { p, same } from '../lib/phrase';
import { increase, max, of, recorded, sum } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { http, NONE_YET } from './http';
import { machine, runtime } from './machine';
import { STATE_COLOURS, STATE_NAMES } from './states';

export const overview: Board = {
  uid: 'sodav-system-overview',
  file: 'system-overview',
  title: same('System Overview'),
  description: p(
    'SODAV Monitor en un coup d’œil : va-t-il bien, et sinon où regarder.',
    'SODAV Monitor at a glance: is it well, and if not, where to look.',
  ),
  from: 'now-3h',
  sections: [
    {
      title: p('En bref', 'In short'),
      panels: [
        figure({
          title: p('Service', 'Service'),
          description: p(
            'Prometheus joint-il tous les services choisis ? « Arrêté » : voir docs/runbooks/SodavBackendDown.md.',
            'Does Prometheus reach every chosen service? “Down”: see docs/runbooks/SodavBackendDown.md.',
          ),
          unit: 'none',
          noValue: p('Inconnu', 'Unknown'),
          w: 6,
          h: 3,
          queries: [{ expr: `min(up{job=~"$job", instance=~"$instance"})` }],
          mappings: words({
            1: { text: p('En marche', 'Up'), colour: COLOURS.good },
            0: { text: p('Arrêté', 'Down'), colour: COLOURS.bad },
          }),
        }),
        tally({
          title: p('Alertes', 'Alerts'),
          description: p(
            'Alertes critiques et avertissements qui sonnent. Plus de zéro : ouvrir le tableau « Alertes & SLO ».',
            'Critical alerts and warnings that fire. More than none: open the “Alerts & SLO” dashboard.',
          ),
          noValue: p('Aucune', 'None'),
          w: 6,
          h: 3,
          expr: 'count(ALERTS{alertstate="firing", severity=~"critical|warning"}) or vector(0)',
          steps: moreIsWorse({ doubtful: 1, bad: 5 }),
        }),
        tally({
          title: p('Nombre de stations actives', 'Active stations'),
          description: p(
            'Stations dont le son a été décodé dans les 30 dernières secondes. Zéro : plus rien n’est relevé.',
            'Stations whose audio was decoded in the last 30 seconds. Zero: nothing is logged any more.',
          ),
          noValue: p('Inconnu', 'Unknown'),
          w: 6,
          h: 3,
          expr: max(M.activeStations),
          steps: [{ colour: COLOURS.doubtful }, { from: 1, colour: COLOURS.good }],
        }),
        tally({
          title: p('Nombre de pistes', 'Tracks'),
          description: p(
            'Enregistrements dans la bibliothèque. Zéro : rien ne peut être reconnu, importer des enregistrements.',
            'Recordings in the library. Zero: nothing can be recognised, import recordings.',
          ),
          noValue: p('Base muette', 'No database'),
          w: 6,
          h: 3,
          expr: max(M.trackCount),
        }),
        tally({
          title: p('Nombre d’artistes', 'Artists'),
          description: p(
            'Artistes dans la bibliothèque. Absent : la base ne répond pas.',
            'Artists in the library. Absent: the database does not answer.',
          ),
          noValue: p('Base muette', 'No database'),
          w: 6,
          h: 3,
          expr: max(M.artistCount),
        }),
        tally({
          title: p('Reconnus en 30 minutes', 'Recognised in 30 minutes'),
          description: p(
            'Détections réussies des 30 dernières minutes. Zéro alors que des stations sont actives : voir SodavNoDetection.',
            'Successful detections of the last 30 minutes. Zero while stations are active: see SodavNoDetection.',
          ),
          noValue: p('Pas encore', 'Not yet'),
          w: 6,
          h: 3,
          decimals: 0,
          expr: `sum(${recorded('job:sodav_detections_success:increase30m')})`,
        }),
        figure({
          title: p('Latence p95', 'Latency p95'),
          description: p(
            '95 % des requêtes sont plus rapides. Plus d’une seconde pendant 5 minutes : alerte HighRequestLatency.',
            '95 % of the requests are faster. More than a second for 5 minutes: alert HighRequestLatency.',
          ),
          unit: 's',
          noValue: NONE_YET,
          w: 6,
          h: 3,
          min: 0,
          queries: [{ expr: `max(${recorded(M.httpDuration, 'quantile="0.95"')})` }],
          steps: moreIsWorse({ doubtful: 0.5, bad: 1 }),
        }),
        figure({
          title: p('Budget d’erreurs restant', 'Error budget left'),
          description: p(
            'Part du budget de 30 jours (0,5 % de requêtes en échec) qui reste. Négatif : l’objectif est manqué.',
            'Share of the 30-day budget (0.5 % failed requests) that is left. Negative: the objective is missed.',
          ),
          unit: 'percentunit',
          noValue: NONE_YET,
          w: 6,
          h: 3,
          max: 1,
          decimals: 1,
          queries: [{ expr: `1 - max(${recorded('job:sodav_http_errors:ratio_rate30d')}) / 0.005` }],
          steps: moreIsBetter({ doubtful: 0.1, good: 0.5 }),
        }),
      ],
    },
    {
      title: p('Écoute', 'Listening'),
      panels: [
        lines({
          title: p('Stations par état', 'Stations by state'),
          description: p(
            'Muettes ou perdues : leurs diffusions ne sont pas relevées. Le tableau « Stations » dit lesquelles.',
            'Silent or lost: their plays are not logged. The “Stations” dashboard says which.',
          ),
          unit: 'none',
          noValue: p('Aucune station', 'No station'),
          w: 8,
          min: 0,
          decimals: 0,
          style: 'stack',
          queries: [{ expr: max(M.stations, ['state']), legend: '{{state}}' }],
          colours: STATE_COLOURS,
          names: STATE_NAMES,
        }),
        lines({
          title: p('Diffusions relevées', 'Plays logged'),
          description: p(
            'Par genre. Seulement de l’inconnu : la bibliothèque ou la reconnaissance est en cause.',
            'By kind. Only unknown ones: the library or the recognition is to blame.',
          ),
          unit: 'short',
          noValue: p('Aucune diffusion', 'No play'),
          w: 8,
          min: 0,
          style: 'bars',
          queries: [{ expr: increase(M.plays, ['kind'], 'status!="withdrawn"'), legend: '{{kind}}' }],
          colours: { track: 'blue', unknown: 'orange', jingle: COLOURS.idle },
          names: { track: p('titre', 'track'), unknown: p('inconnue', 'unknown'), jingle: same('jingle') },
        }),
        lines({
          title: p('Retard de la reconnaissance', 'Recognition backlog'),
          description: p(
            'Secondes de son qui attendent d’être analysées. Plus de 60 : la machine ne suit plus.',
            'Seconds of audio waiting to be looked at. More than 60: the machine cannot keep up.',
          ),
          unit: 'suffix:s',
          noValue: p('Aucun retard', 'No backlog'),
          w: 8,
          min: 0,
          limits: true,
          steps: [{ colour: 'transparent' }, { from: 60, colour: COLOURS.bad }],
          queries: [{ expr: max(M.recognitionBacklog, ['instance']), legend: '{{instance}}' }],
        }),
      ],
    },
    http,
    {
      title: p('Processeur, mémoire, bibliothèque', 'CPU, memory, library'),
      panels: [
        lines({
          title: p('Utilisation du CPU', 'CPU'),
          description: p(
            'Du service et des programmes qu’il lance ; 100 % = tous les cœurs. Durablement au-dessus de 80 % : la reconnaissance va prendre du retard.',
            'Of the service and the programs that it starts; 100 % = all cores. Above 80 % for long: the recognition will fall behind.',
          ),
          unit: 'percent',
          noValue: p('Inconnu', 'Unknown'),
          w: 8,
          min: 0,
          queries: [{ expr: sum(M.cpuUsage, ['instance']), legend: '{{instance}}' }],
        }),
        lines({
          title: p('Utilisation de la mémoire', 'Memory'),
          description: p(
            'Du service et des programmes qu’il lance. Une montée sans fin est une fuite : prévenir les développeurs.',
            'Of the service and the programs that it starts. A rise without end is a leak: tell the developers.',
          ),
          unit: 'bytes',
          noValue: p('Inconnu', 'Unknown'),
          w: 8,
          min: 0,
          queries: [{ expr: sum(M.memoryUsage, ['instance']), legend: '{{instance}}' }],
        }),
        lines({
          title: p('Pistes et artistes dans la base', 'Tracks and artists in the database'),
          description: p(
            'Une chute est une suppression ; un trou dans la ligne, une base qui ne répondait pas.',
            'A fall is a deletion; a gap in the line, a database that did not answer.',
          ),
          unit: 'short',
          noValue: p('Base muette', 'No database'),
          w: 8,
          min: 0,
          decimals: 0,
          queries: [
            { expr: max(M.trackCount), legend: p('pistes', 'tracks') },
            { expr: max(M.artistCount), legend: p('artistes', 'artists') },
          ],
        }),
        lines({
          title: p('Rapports et imports', 'Reports and imports'),
          description: p(
            'Rapports produits et fichiers importés, par issue. « failure » et « unreadable » sont à regarder.',
            'Reports made and files imported, by outcome. Look at “failure” and “unreadable”.',
          ),
          unit: 'short',
          noValue: p('Aucun', 'None'),
          w: 12,
          h: 7,
          min: 0,
          style: 'bars',
          queries: [
            {
              expr: increase(M.reportsGenerated, ['format', 'status']),
              legend: p('rapport {{format}} {{status}}', 'report {{format}} {{status}}'),
            },
            {
              expr: increase(M.importedFiles, ['status']),
              legend: p('import {{status}}', 'import {{status}}'),
            },
          ],
          colours: {
            '/csv success$/': 'light-blue',
            '/json success$/': 'blue',
            '/imported$/': 'purple',
            '/duplicate$/': COLOURS.idle,
            '/unreadable$/': COLOURS.doubtful,
            '/failure$/': COLOURS.bad,
          },
        }),
        lines({
          title: p('Version et âge du service', 'Version and age of the service'),
          description: p(
            'Depuis combien de temps chaque version tourne. Une dent de scie : le service redémarre sans cesse.',
            'How long each version has been running. A saw: the service restarts again and again.',
          ),
          unit: 'dtdhms',
          noValue: p('Inconnu', 'Unknown'),
          w: 12,
          h: 7,
          min: 0,
          queries: [
            {
              expr: `(time() - ${of(M.processStart)}) * on (job, instance) group_left (version, node) ${of(M.buildInfo)}`,
              legend: '{{instance}} {{version}} (Node {{node}})',
            },
          ],
        }),
      ],
    },
    runtime,
    machine,
  ],
};
