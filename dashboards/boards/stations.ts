import type { Board } from '../lib/board';
import { bars, figure, grid, tally } from '../lib/figures';
import { lines, timeline } from '../lib/graphs';
import { COLOURS, moreIsBetter, moreIsWorse, words } from '../lib/panel';
import { p } from '../lib/phrase';
import { increase, max, of, rate } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { STATE_COLOURS, STATE_NAMES, stateNumber, stateWords } from './states';

const NONE = p('Aucune station', 'No station');
const STATION = 'station=~"$station"';
const stateOf = `max by (station) (${stateNumber((state) => of(M.stationState, `${STATION}, state="${state}"`))})`;
/** Where a station has no value yet: −1, which the table shows as a word. */
const orNever = (expr: string) => `(${expr}) or (0 * ${max(M.stationState, ['station'], STATION)} - 1)`;
const never = words({ '-1': { text: p('pas encore', 'not yet'), colour: COLOURS.idle } });
const count = (state: string) => max(M.stations, [], `state="${state}"`);

export const stations: Board = {
  uid: 'sodav-stations',
  file: 'stations',
  title: p('Stations', 'Stations'),
  description: p(
    'Chaque station : entendue, muette ou perdue ; ce qu’on a entendu de sa journée ; ses reconnexions.',
    'Every station: heard, silent or lost; how much of its day was heard; its reconnects.',
  ),
  from: 'now-6h',
  variables: [
    {
      name: 'station',
      label: p('Station', 'Station'),
      query: `label_values(${M.stationState}{job=~"$job"}, station)`,
    },
  ],
  sections: [
    {
      title: p('En bref', 'In short'),
      panels: [
        tally({
          title: p('Écoutées', 'Listening'),
          description: p('Stations dont on entend le son.', 'Stations whose audio is heard.'),
          noValue: NONE,
          w: 4,
          expr: count('listening'),
          steps: [{ colour: COLOURS.idle }, { from: 1, colour: COLOURS.good }],
        }),
        tally({
          title: p('Muettes', 'Silent'),
          description: p(
            'Le flux arrive mais il est silencieux : prévenir la radio.',
            'The stream arrives but is silent: tell the station.',
          ),
          noValue: NONE,
          w: 4,
          expr: count('silent'),
          steps: moreIsWorse({ doubtful: 1 }),
        }),
        tally({
          title: p('Perdues', 'Lost'),
          description: p(
            'Le flux ne répond plus : rien n’est relevé. Voir docs/runbooks/SodavStationLost.md.',
            'The stream does not answer: nothing is logged. See docs/runbooks/SodavStationLost.md.',
          ),
          noValue: NONE,
          w: 4,
          expr: count('lost'),
          steps: moreIsWorse({ bad: 1 }),
        }),
        tally({
          title: p('En pause', 'Paused'),
          description: p(
            'Mises en pause par une personne : elles ne comptent pas comme des pannes.',
            'Paused by a person: not a fault.',
          ),
          noValue: NONE,
          w: 4,
          expr: count('paused'),
        }),
        figure({
          title: p('La moins couverte', 'Least covered'),
          description: p(
            'Part de la journée (UTC) entendue, de la station la plus mal entendue. Moins de 90 % : le relevé est incomplet.',
            'Share of the day (UTC) heard of the worst station. Less than 90 %: its log is incomplete.',
          ),
          unit: 'percentunit',
          noValue: p('Pas encore', 'Not yet'),
          w: 4,
          min: 0,
          max: 1,
          queries: [{ expr: `min(${max(M.stationCoverage, ['station'], STATION)})` }],
          steps: moreIsBetter({ doubtful: 0.9, good: 0.98 }),
        }),
        tally({
          title: p('Son écouté', 'Audio heard'),
          description: p(
            'Secondes de son par seconde : à peu près le nombre de stations écoutées. Moins : des trous.',
            'Seconds of audio per second: about the number of stations listened to. Less: gaps.',
          ),
          noValue: p('Rien', 'Nothing'),
          w: 4,
          decimals: 1,
          sparkline: true,
          expr: rate(M.audioHeard),
        }),
      ],
    },
    {
      title: p('Par station', 'By station'),
      panels: [
        grid({
          title: p('État de chaque station', 'State of every station'),
          description: p(
            'Trier par une colonne pour trouver la pire. Une dernière détection vieille d’une heure sur une radio musicale mérite une écoute.',
            'Sort by a column to find the worst. A last detection an hour ago on a music station deserves a listen.',
          ),
          unit: 'none',
          noValue: NONE,
          w: 24,
          h: 8,
          join: 'station',
          sortBy: 'Value #D',
          queries: [
            { expr: stateOf },
            { expr: orNever(`time() - ${max(M.stationLastAudio, ['station'], STATION)}`) },
            { expr: orNever(`time() - ${max(M.stationLastDetection, ['station'], STATION)}`) },
            { expr: orNever(max(M.stationCoverage, ['station'], STATION)) },
            { expr: max(M.stationReconnects, ['station'], STATION) },
          ],
          columns: [
            { field: 'station', title: p('Station', 'Station') },
            {
              field: 'Value #A',
              title: p('État', 'State'),
              mappings: stateWords,
              cell: 'background',
              width: 150,
            },
            {
              field: 'Value #B',
              title: p('Dernier son', 'Last audio'),
              unit: 'dtdhms',
              mappings: never,
            },
            {
              field: 'Value #C',
              title: p('Dernière détection', 'Last detection'),
              unit: 'dtdhms',
              mappings: never,
            },
            {
              field: 'Value #D',
              title: p('Couverture du jour', 'Coverage today'),
              mappings: never,
              unit: 'percentunit',
              decimals: 1,
              cell: 'gauge',
              min: 0,
              max: 1,
              steps: moreIsBetter({ doubtful: 0.9, good: 0.98 }),
            },
            { field: 'Value #E', title: p('Reconnexions du jour', 'Reconnects today'), decimals: 0 },
          ],
        }),
        timeline({
          title: p('État dans le temps', 'State over time'),
          description: p(
            'Quand chaque station a été muette ou perdue. Toutes au même instant : c’était notre réseau.',
            'When each station was silent or lost. All at once: it was our network.',
          ),
          unit: 'none',
          noValue: NONE,
          w: 24,
          h: 9,
          mappings: stateWords,
          queries: [{ expr: stateOf, legend: '{{station}}' }],
        }),
      ],
    },
    {
      title: p('Qualité de l’écoute', 'Quality of listening'),
      panels: [
        bars({
          title: p('Couverture du jour', 'Coverage today'),
          description: p(
            'Les vingt stations les moins entendues aujourd’hui (UTC).',
            'The twenty stations heard least today (UTC).',
          ),
          unit: 'percentunit',
          noValue: p('Pas encore', 'Not yet'),
          w: 8,
          h: 9,
          min: 0,
          max: 1,
          steps: moreIsBetter({ doubtful: 0.9, good: 0.98 }),
          queries: [
            { expr: `bottomk(20, ${max(M.stationCoverage, ['station'], STATION)})`, legend: '{{station}}' },
          ],
        }),
        lines({
          title: p('Reconnexions par raison', 'Reconnects by reason'),
          description: p(
            '« unreachable » : réseau ou adresse. « stall » : débit trop faible. « garbage » : octets illisibles. « overload » : notre machine.',
            '“unreachable”: network or address. “stall”: too slow. “garbage”: unreadable bytes. “overload”: our machine.',
          ),
          unit: 'short',
          noValue: p('Aucune', 'None'),
          w: 8,
          h: 9,
          min: 0,
          style: 'bars',
          queries: [
            {
              expr: `${increase(M.streamReconnects, ['reason'])} > 0 or on () label_replace(vector(0), "reason", "—", "", "")`,
              legend: '{{reason}}',
            },
          ],
          colours: { '/^—/': COLOURS.idle },
        }),
        lines({
          title: p('Stations par état', 'Stations by state'),
          description: p('Le nombre de stations dans chaque état.', 'How many stations are in each state.'),
          unit: 'none',
          noValue: NONE,
          w: 8,
          h: 9,
          min: 0,
          decimals: 0,
          style: 'stack',
          queries: [{ expr: max(M.stations, ['state']), legend: '{{state}}' }],
          colours: STATE_COLOURS,
          names: STATE_NAMES,
        }),
        lines({
          title: p('Reconnexions du jour, par station', 'Reconnects today, by station'),
          description: p(
            'Les dix stations les moins stables. La ligne repart à zéro à minuit (UTC).',
            'The ten least stable stations. The line restarts at midnight (UTC).',
          ),
          unit: 'short',
          noValue: p('Aucune', 'None'),
          w: 12,
          min: 0,
          decimals: 0,
          legend: 'table',
          queries: [
            { expr: `topk(10, ${max(M.stationReconnects, ['station'], STATION)})`, legend: '{{station}}' },
          ],
        }),
        lines({
          title: p('Son écouté et musique inconnue', 'Audio heard and unknown music'),
          description: p(
            'En stations : secondes de son par seconde, et la part que personne ne reconnaît. L’inconnue qui monte : un répertoire manque.',
            'In stations: seconds of audio per second, and the part that nobody recognises. Unknown rising: a repertoire is missing.',
          ),
          unit: 'short',
          noValue: p('Rien', 'Nothing'),
          w: 12,
          min: 0,
          queries: [
            { expr: rate(M.audioHeard), legend: p('écouté', 'heard') },
            { expr: rate(M.unidentifiedMusic), legend: p('musique inconnue', 'unknown music') },
          ],
          colours: { écouté: 'blue', heard: 'blue', 'musique inconnue': 'orange', 'unknown music': 'orange' },
        }),
      ],
    },
  ],
};
