import type { Section } from '../lib/board';
import { lines, timeline } from '../lib/graphs';
import { COLOURS } from '../lib/panel';
import { p } from '../lib/phrase';
import { max, of, rate, sum } from '../lib/promql';
import { METRICS as M } from '../metrics';
import { works } from './states';

const ABSENT = p('Node Exporter absent', 'No Node Exporter');
const DISKS = 'fstype!~"tmpfs|overlay|squashfs|ramfs|devtmpfs"';

/** The whole machine, from Node Exporter. */
export const machine: Section = {
  title: p('Machine (Node Exporter)', 'Machine (Node Exporter)'),
  collapsed: true,
  panels: [
    lines({
      title: p('CPU de la machine', 'Machine CPU'),
      description: p(
        'Part occupée. Plus de 90 % pendant 15 minutes : alerte SodavHostCpuSaturated.',
        'Busy share. More than 90 % for 15 minutes: alert SodavHostCpuSaturated.',
      ),
      unit: 'percentunit',
      noValue: ABSENT,
      w: 12,
      min: 0,
      max: 1,
      queries: [
        {
          expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
          legend: '{{instance}}',
        },
      ],
    }),
    lines({
      title: p('Mémoire disponible', 'Memory available'),
      description: p(
        'Moins de 10 % : le noyau finira par tuer un programme.',
        'Less than 10 %: the kernel will end up killing a program.',
      ),
      unit: 'percentunit',
      noValue: ABSENT,
      w: 12,
      min: 0,
      max: 1,
      limits: true,
      steps: [{ colour: COLOURS.bad }, { from: 0.1, colour: 'transparent' }],
      queries: [
        {
          expr: 'min by (instance) (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)',
          legend: '{{instance}}',
        },
      ],
    }),
    lines({
      title: p('Place libre sur les disques', 'Free disk space'),
      description: p(
        'Moins de 10 % : faire de la place avant que la base ne s’arrête.',
        'Less than 10 %: make room before the database stops.',
      ),
      unit: 'percentunit',
      noValue: ABSENT,
      w: 12,
      min: 0,
      max: 1,
      legend: 'table',
      queries: [
        {
          expr: `min by (instance, mountpoint) (node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}})`,
          legend: '{{mountpoint}}',
        },
      ],
    }),
    lines({
      title: p('Charge par cœur', 'Load per core'),
      description: p(
        'Programmes qui veulent un cœur, par cœur. Durablement au-dessus de 1 : tout attend.',
        'Programs that want a core, per core. Above 1 for long: everything waits.',
      ),
      unit: 'none',
      noValue: ABSENT,
      w: 12,
      min: 0,
      queries: [
        {
          expr: 'max by (instance) (node_load1) / count by (instance) (node_cpu_seconds_total{mode="idle"})',
          legend: '{{instance}}',
        },
      ],
    }),
  ],
};

/** How the telemetry itself is doing. */
export const runtime: Section = {
  title: p('Node.js et collecte des métriques', 'Node.js and collection of the metrics'),
  collapsed: true,
  panels: [
    timeline({
      title: p('Collecteurs', 'Collectors'),
      description: p(
        'Un collecteur qui échoue : ses jauges sont absentes. Le journal du service dit pourquoi.',
        'A collector that fails: its gauges are absent. The service’s log says why.',
      ),
      unit: 'none',
      noValue: p('Inconnu', 'Unknown'),
      w: 8,
      mappings: works(p('réussi', 'works'), p('en échec', 'fails')),
      queries: [{ expr: `min by (collector) (${of(M.collectorSuccess)})`, legend: '{{collector}}' }],
    }),
    lines({
      title: p('Durée des collecteurs', 'Time of the collectors'),
      description: p(
        'Plus d’une seconde : la collecte risque d’être coupée par Prometheus.',
        'More than a second: Prometheus may cut the scrape short.',
      ),
      unit: 's',
      noValue: p('Inconnu', 'Unknown'),
      w: 8,
      min: 0,
      queries: [{ expr: max(M.collectorDuration, ['collector']), legend: '{{collector}}' }],
    }),
    lines({
      title: p('Durée et taille des lectures', 'Time and size of the scrapes'),
      description: p(
        'Lignes qui doublent : un label a trop de valeurs.',
        'Lines that double: a label has too many values.',
      ),
      unit: 'short',
      noValue: p('Inconnu', 'Unknown'),
      w: 8,
      min: 0,
      queries: [
        {
          expr: 'max by (instance) (scrape_samples_scraped{job=~"$job", instance=~"$instance"})',
          legend: p('séries {{instance}}', 'series {{instance}}'),
        },
      ],
    }),
    lines({
      title: p('Boucle d’événements', 'Event loop'),
      description: p(
        'Retard (p99) du fil principal. Au-dessus de 0,1 s : quelque chose y calcule, et tout le service attend.',
        'Delay (p99) of the main thread. Above 0.1 s: something computes there, and the whole service waits.',
      ),
      unit: 's',
      noValue: p('Inconnu', 'Unknown'),
      w: 6,
      min: 0,
      queries: [{ expr: max(M.eventLoopDelay, ['instance']), legend: '{{instance}}' }],
    }),
    lines({
      title: p('Occupation de la boucle', 'Event loop utilisation'),
      description: p(
        'Près de 100 % : le fil principal est saturé, même si la machine a des cœurs libres.',
        'Near 100 %: the main thread is saturated although the machine has idle cores.',
      ),
      unit: 'percentunit',
      noValue: p('Inconnu', 'Unknown'),
      w: 6,
      min: 0,
      max: 1,
      queries: [{ expr: max(M.eventLoopUtilization, ['instance']), legend: '{{instance}}' }],
    }),
    lines({
      title: p('Tas de JavaScript', 'JavaScript heap'),
      description: p(
        'Mémoire du tas de V8. Une montée sans fin ici est une fuite d’objets ; ailleurs, de mémoire native.',
        'V8 heap in use. An endless rise here is a leak of objects; elsewhere, of native memory.',
      ),
      unit: 'bytes',
      noValue: p('Inconnu', 'Unknown'),
      w: 6,
      min: 0,
      queries: [{ expr: sum(M.heapUsed, ['instance']), legend: '{{instance}}' }],
    }),
    lines({
      title: p('Ramasse-miettes', 'Garbage collection'),
      description: p(
        'Part du temps passée à ramasser, par genre. Plus de 10 % : la mémoire est trop juste.',
        'Share of time spent collecting, by kind. More than 10 %: memory is too tight.',
      ),
      unit: 'percentunit',
      noValue: p('Aucun', 'None'),
      w: 6,
      min: 0,
      queries: [{ expr: rate(`${M.gcDuration}_sum`, ['type']), legend: '{{type}}' }],
    }),
  ],
};
