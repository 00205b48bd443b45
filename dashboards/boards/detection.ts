import type { Board } from '../lib/board';
import { figure, tally } from '../lib/figures';
import { lines, spread } from '../lib/graphs';
import { COLOURS, moreIsWorse, words } from '../lib/panel';
import { p, same } from '../lib/phrase';
import { increase, max, quantile, rate, recorded } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { database, externalApis } from './dependencies';
import { METHODS } from './states';

const NOT_YET = p('Aucune détection', 'No detection yet');
const STATUSES = {
  success: 'blue',
  no_match: '#8e8e8e',
  low_confidence: 'light-blue',
  skipped: '#c7c7c7',
  timeout: 'yellow',
  rate_limited: 'orange',
  failure: 'red',
};

export const detection: Board = {
  uid: 'sodav-detection',
  file: 'detection-musicale',
  title: same('Détection Musicale'),
  description: p(
    'Que reconnaît-on, par quelle méthode, avec quelle certitude et en combien de temps ; et ce dont cela dépend.',
    'What is recognised, by which method, how surely and how fast; and what that depends on.',
  ),
  from: 'now-3h',
  sections: [
    {
      title: p('En bref', 'In short'),
      panels: [
        tally({
          title: p('Reconnus (30 min)', 'Recognised (30 min)'),
          description: p(
            'Zéro alors que des stations diffusent de la musique : voir docs/runbooks/SodavNoDetection.md.',
            'Zero while stations play music: see docs/runbooks/SodavNoDetection.md.',
          ),
          noValue: p('Pas encore', 'Not yet'),
          w: 4,
          decimals: 0,
          expr: `sum(${recorded('job:sodav_detections_success:increase30m')})`,
        }),
        figure({
          title: p('Confiance médiane (1 h)', 'Median confidence (1 h)'),
          description: p(
            'De 0 à 1, telle que la méthode l’a calculée. En baisse : enregistrements abîmés ou flux de mauvaise qualité.',
            'From 0 to 1, as the method computed it. Falling: damaged recordings or poor streams.',
          ),
          unit: 'percentunit',
          noValue: NOT_YET,
          w: 4,
          min: 0,
          max: 1,
          queries: [{ expr: `max(${recorded('job:sodav_detection_confidence:p50_rate1h')})` }],
        }),
        figure({
          title: p('Musique inconnue (6 h)', 'Unknown music (6 h)'),
          description: p(
            'Part du son écouté qui est de la musique que personne ne reconnaît. Plus de la moitié : un répertoire manque.',
            'Share of the audio heard that is music nobody recognises. More than half: a repertoire is missing.',
          ),
          unit: 'percentunit',
          noValue: p('Rien d’écouté', 'Nothing heard'),
          w: 4,
          min: 0,
          max: 1,
          queries: [{ expr: `max(${recorded('job:sodav_unidentified_music:ratio_rate6h')})` }],
          steps: moreIsWorse({ doubtful: 0.3, bad: 0.5 }),
        }),
        tally({
          title: p('Titres dans l’index', 'Tracks in the index'),
          description: p(
            'Ce que la reconnaissance sur place connaît. Zéro avec une bibliothèque remplie : voir SodavIndexEmpty.',
            'What the local recognition knows. Zero with a filled library: see SodavIndexEmpty.',
          ),
          noValue: p('Pas d’index', 'No index'),
          w: 4,
          expr: max(M.indexTracks),
        }),
        figure({
          title: p('Retard', 'Backlog'),
          description: p(
            'Secondes de son qui attendent. Plus de 60 : la machine ne suit plus.',
            'Seconds of audio waiting. More than 60: the machine cannot keep up.',
          ),
          unit: 's',
          noValue: p('Aucun', 'None'),
          w: 4,
          min: 0,
          queries: [{ expr: max(M.recognitionBacklog) }],
          steps: moreIsWorse({ doubtful: 30, bad: 60 }),
        }),
        figure({
          title: p('Budget AudD restant', 'AudD budget left'),
          description: p(
            'Demandes payantes encore permises aujourd’hui (UTC). « Éteint » : pas de jeton AudD.',
            'Paid requests still allowed today (UTC). “Off”: no AudD token.',
          ),
          unit: 'none',
          noValue: p('Éteint', 'Off'),
          w: 4,
          queries: [{ expr: `${max(M.auddBudget)} or vector(-1)` }],
          mappings: words({ '-1': { text: p('Éteint', 'Off'), colour: COLOURS.idle } }),
        }),
      ],
    },
    {
      title: p('Détections', 'Detections'),
      panels: [
        lines({
          title: p('Nombre de détections par méthode', 'Detections by method'),
          description: p(
            'Réussies, par méthode. « local » devrait dominer : c’est gratuit et sûr.',
            'Successful ones, by method. “local” should lead: it is free and sure.',
          ),
          unit: 'short',
          noValue: NOT_YET,
          w: 12,
          min: 0,
          style: 'bars',
          queries: [
            {
              expr: increase(M.detections, ['detection_method'], 'status="success"'),
              legend: '{{detection_method}}',
            },
          ],
          colours: METHODS,
        }),
        lines({
          title: p('Issue des essais', 'Outcome of the attempts'),
          description: p(
            'Tous les essais. « failure », « timeout » et « rate_limited » ne disent rien de la musique : c’est la méthode qui est en panne.',
            'All attempts. “failure”, “timeout” and “rate_limited” say nothing about the music: the method is broken.',
          ),
          unit: 'short',
          noValue: NOT_YET,
          w: 12,
          min: 0,
          style: 'bars',
          queries: [{ expr: increase(M.detections, ['status']), legend: '{{status}}' }],
          colours: STATUSES,
        }),
        lines({
          title: p('Temps de détection', 'Detection time'),
          description: p(
            'p95 par méthode. « local » au-dessus d’une seconde : machine chargée.',
            'p95 by method. “local” above a second: the machine is loaded.',
          ),
          unit: 's',
          noValue: NOT_YET,
          w: 12,
          min: 0,
          queries: [
            {
              expr: quantile(0.95, M.detectionDuration, ['detection_method']),
              legend: '{{detection_method}}',
            },
          ],
          colours: METHODS,
        }),
        spread({
          title: p('Répartition du temps de détection', 'Detection time spread'),
          description: p(
            'Une bande qui monte : la reconnaissance ralentit.',
            'A band that rises: the recognition gets slower.',
          ),
          unit: 's',
          noValue: NOT_YET,
          w: 12,
          buckets: rate(`${M.detectionDuration}_bucket`, ['le']),
        }),
        lines({
          title: p('Niveau de confiance des détections', 'Detection confidence'),
          description: p(
            'Médiane par méthode, là où la méthode en donne une. AudD n’en donne pas : rien n’est inventé.',
            'Median by method, where the method gives one. AudD gives none: nothing is made up.',
          ),
          unit: 'percentunit',
          noValue: NOT_YET,
          w: 12,
          min: 0,
          max: 1,
          queries: [
            {
              expr: quantile(0.5, M.detectionConfidence, ['detection_method']),
              legend: '{{detection_method}}',
            },
            {
              expr: quantile(0.1, M.detectionConfidence),
              legend: p('les 10 % les moins sûrs', 'the least sure 10 %'),
            },
          ],
          colours: { ...METHODS, 'les 10 % les moins sûrs': 'orange', 'the least sure 10 %': 'orange' },
        }),
        spread({
          title: p('Répartition de la confiance', 'Confidence spread'),
          description: p(
            'Beaucoup de détections peu sûres : à vérifier avant de répartir des droits.',
            'Many unsure detections: check them before sharing out royalties.',
          ),
          unit: 'percentunit',
          noValue: NOT_YET,
          w: 12,
          buckets: rate(`${M.detectionConfidence}_bucket`, ['le']),
        }),
      ],
    },
    externalApis,
    database,
    {
      title: p('Chaîne de reconnaissance', 'Recognition chain'),
      collapsed: true,
      panels: [
        lines({
          title: p('Files d’attente', 'Queues'),
          description: p(
            'Passages inconnus qui attendent un service extérieur. En hausse : le service répond mal ou le budget est épuisé.',
            'Unknown passages that wait for an outside service. Rising: it answers badly or the budget is spent.',
          ),
          unit: 'short',
          noValue: p('Vides', 'Empty'),
          w: 8,
          min: 0,
          queries: [{ expr: max(M.recognitionQueue, ['stage']), legend: '{{stage}}' }],
          colours: METHODS,
        }),
        lines({
          title: p('Son jeté', 'Audio dropped'),
          description: p(
            'Secondes de son jetées par seconde. Zéro est la seule bonne valeur : ce qui est jeté n’est pas relevé.',
            'Seconds of audio dropped per second. Zero is the only good value: what is dropped is not logged.',
          ),
          unit: 'short',
          noValue: p('Rien de jeté', 'Nothing dropped'),
          w: 8,
          min: 0,
          queries: [{ expr: rate(M.audioDropped, ['reason']), legend: '{{reason}}' }],
          colours: { overload: COLOURS.bad, recognizer_restart: COLOURS.doubtful },
        }),
        lines({
          title: p('Musique inconnue perdue', 'Unknown music lost'),
          description: p(
            'Diffusions inconnues que personne n’identifiera. « disk_full » : agrandir UNKNOWN_DISK_MB ; « no_answer » : AcoustID ou AudD n’ont pas répondu pendant plus d’un jour.',
            'Unknown plays that nobody will identify. “disk_full”: raise UNKNOWN_DISK_MB; “no_answer”: AcoustID or AudD did not answer for more than a day.',
          ),
          unit: 'short',
          noValue: p('Aucune', 'None'),
          w: 8,
          min: 0,
          style: 'bars',
          queries: [{ expr: increase(M.unknownLost, ['reason']), legend: '{{reason}}' }],
          colours: {
            disk_full: COLOURS.bad,
            disk_error: 'dark-red',
            late: COLOURS.doubtful,
            restart: 'yellow',
            no_answer: 'purple',
          },
        }),
        lines({
          title: p('Redémarrages de décodeurs', 'Decoder restarts'),
          description: p(
            'Chacun coupe toutes les stations d’un processus. Plus de trois en 30 minutes : un flux est malformé.',
            'Each cuts all stations of a process. More than three in 30 minutes: a stream is malformed.',
          ),
          unit: 'short',
          noValue: p('Aucun', 'None'),
          w: 8,
          min: 0,
          style: 'bars',
          queries: [{ expr: increase(M.decoderRestarts, ['instance']), legend: '{{instance}}' }],
        }),
        lines({
          title: p('Taille de l’index', 'Index size'),
          description: p(
            'Mémoire des empreintes. Elle grandit avec la bibliothèque.',
            'Memory of the fingerprints. It grows with the library.',
          ),
          unit: 'bytes',
          noValue: p('Pas d’index', 'No index'),
          w: 8,
          min: 0,
          queries: [{ expr: max(M.indexBytes, ['instance']), legend: '{{instance}}' }],
        }),
        lines({
          title: p('Âge de l’index', 'Index age'),
          description: p(
            'Depuis la dernière construction. Vieux et la bibliothèque change : les nouveaux titres ne sont pas reconnus.',
            'Since it was built. Old while the library changes: the new tracks are not recognised.',
          ),
          unit: 'dtdhms',
          noValue: p('Pas d’index', 'No index'),
          w: 8,
          min: 0,
          queries: [{ expr: `time() - ${max(M.indexBuilt, ['instance'])}`, legend: '{{instance}}' }],
        }),
      ],
    },
  ],
};
