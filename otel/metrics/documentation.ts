import { CHAPTERS } from './catalogue';
import type { Definition, Label } from './catalogue/define';

const KINDS = { counter: 'compteur', gauge: 'jauge', histogram: 'histogramme' } as const;

const SOURCES = {
  code: 'un instrument du service, renommé par une vue',
  collector: 'un collecteur, à chaque lecture',
  sdk: "une instrumentation d'OpenTelemetry, renommée par une vue",
  derived: "une instrumentation d'OpenTelemetry, recalculée à la lecture",
} as const;

/** docs/metriques.md: the catalogue for people, in French. */
export function metricsPage(): string {
  const all = CHAPTERS.flatMap(({ metrics }) => Object.values(metrics));
  const documented = all.filter((definition) => definition.documented).length;
  return `${[
    '# Métriques',
    '<!-- Produit par `npm run docs:metrics` à partir de otel/metrics/catalogue : ne pas modifier à la main. -->',
    `Le service expose ces ${all.length} familles de métriques sur \`GET /api/metrics\` (port 8000), au format texte de
Prometheus. ${documented} d'entre elles (marquées ★) sont celles du document « Monitoring avec Prometheus et Grafana » ;
leurs noms et leurs labels ne changent pas. Comment en ajouter une :
[ajouter-une-metrique.md](ajouter-une-metrique.md).`,
    `Toutes les familles sont présentes dès la première lecture. Un compteur ou un histogramme dont les labels ont des
valeurs connues d'avance est à zéro tant que rien ne s'est passé ; une jauge que personne n'a pu lire est absente, jamais à
zéro : \`sodav_collector_success\` dit alors pourquoi.`,
    ...CHAPTERS.map(({ title, metrics }) =>
      [`## ${title}`, ...Object.values(metrics).map(section)].join('\n\n'),
    ),
  ].join('\n\n')}\n`;
}

function section(definition: Definition): string {
  const { name, kind, unit, help, labels, buckets, otelName, source } = definition;
  const facts = [
    `- Genre : ${KINDS[kind]}, unité \`${unit}\``,
    ...labelLines(labels),
    ...(buckets ? [`- Seuils : ${buckets.map((bound) => String(bound).replace('.', ',')).join(' ; ')}`] : []),
    `- Alimentée par : ${definition.fedBy}`,
    `- Lecture : ${definition.howToRead}`,
    `- Instrument OpenTelemetry : \`${otelName}\` (${SOURCES[source]})`,
    `- Stabilité : ${definition.stability === 'stable' ? 'stable' : 'peut encore changer'}`,
  ];
  return `### \`${name}\`${definition.documented ? ' ★' : ''}\n\n${help.fr}.\n\n${facts.join('\n')}`;
}

function labelLines(labels: Definition['labels']): string[] {
  const entries = Object.entries<Label>(labels);
  if (entries.length === 0) return ['- Labels : aucun'];
  return [
    '- Labels :',
    ...entries.map(([name, label]) => {
      const values =
        'values' in label ? label.values.map((value) => `\`${value}\``).join(', ') : label.bounded;
      return `  - \`${name}\` : ${values}`;
    }),
  ];
}
