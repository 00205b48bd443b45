import type { Bin, Curve } from './calibration';
import { quantile, upperRate, wilson } from './statistics';
import type { Invented, Strangers } from './unknown';

/** Results of one degradation: per length of the query, in order of `LENGTHS_S`. */
export interface Row {
  readonly name: string;
  readonly queries: number;
  readonly found: readonly number[];
  readonly wrong: readonly number[];
  /** Of the 10 s queries: found with a score that is accepted on one window. */
  readonly atOnce: number;
  readonly offsetErrorsS: readonly number[];
  /** Found per peer and length. */
  readonly peers: readonly (readonly number[])[];
}

export interface Evaluation {
  readonly seed: number;
  readonly library: { readonly tracks: number; readonly hours: number };
  /** Fingerprints of no recording that the library holds besides. */
  readonly synthetic: number;
  readonly unknown: { readonly tracks: number; readonly hours: number };
  readonly dropped: readonly string[];
  readonly speech: string;
  readonly lengthsS: readonly number[];
  readonly thresholds: {
    readonly certain: number;
    readonly likely: number;
    readonly otherSpeed: number;
    readonly stretched: number;
  };
  readonly peers: readonly { readonly name: string; readonly thresholds: readonly number[] }[];
  readonly rows: readonly Row[];
  readonly negatives: {
    readonly windows: number;
    readonly shared: number;
    readonly over: number;
    readonly highest: number;
  };
  readonly strangers: readonly Strangers[];
  readonly trackName: (trackId: number) => string;
  readonly curve: Curve;
  readonly bins: readonly Bin[];
  readonly chart: string;
}

const share = (part: number, whole: number) => (whole === 0 ? '–' : `${Math.round((100 * part) / whole)}`);
const interval = (part: number, whole: number) => {
  const [low, high] = wilson(part, whole);
  return `${Math.round(100 * low)}–${Math.round(100 * high)}`;
};
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The part of docs/recognition.md that the evaluation writes. */
export function reportOf(evaluation: Evaluation): string {
  const { lengthsS, rows, thresholds, negatives, strangers, peers } = evaluation;
  const ten = lengthsS.indexOf(10);
  const recall = table(
    [
      'degradation',
      ...lengthsS.map((s) => `${s} s`),
      '10 s, 95 % interval',
      'accepted at once, 10 s',
      'wrong song',
      'offset error, median / p90 ms',
      ...peers.map(({ name }) => `${name} ${lengthsS.join(' / ')} s`),
    ],
    rows.map((row) => {
      const errors = row.offsetErrorsS.map(Math.abs);
      const ms = (q: number) => {
        const value = quantile(errors, q);
        return value === undefined ? '–' : (1000 * value).toFixed(0);
      };
      return [
        row.name,
        ...row.found.map((found) => share(found, row.queries)),
        interval(row.found[ten]!, row.queries),
        share(row.atOnce, row.queries),
        String(row.wrong.reduce((a, b) => a + b, 0)),
        `${ms(0.5)} / ${ms(0.9)}`,
        ...row.peers.map((found) => found.map((n) => share(n, row.queries)).join(' / ')),
      ];
    }),
  );
  const found = (what: string, list: (kind: Strangers) => readonly Invented[]) =>
    strangers.flatMap((stranger) =>
      list(stranger).map(
        ({ on, line }) =>
          `- ${what}: ${stranger.kind}, ${on}: taken for ${evaluation.trackName(line.trackId)} from ${line.startS.toFixed(0)} to ${line.endS.toFixed(0)} s (z ${line.bestZ.toFixed(1)}, ${line.windows} windows, confidence ${line.confidence.toFixed(3)})`,
      ),
    );
  const said = [...found('invented', (s) => s.invented), ...found('shared', (s) => s.shared)];
  return [
    `Seed ${evaluation.seed}; ${rows[0]?.queries ?? 0} queries per row and length; library of ${evaluation.library.tracks} recordings (${evaluation.library.hours.toFixed(1)} h)${evaluation.synthetic > 0 ? ` and ${evaluation.synthetic} synthetic fingerprints` : ''}, ${evaluation.unknown.tracks} unknown ones (${evaluation.unknown.hours.toFixed(1)} h). Speech: ${evaluation.speech}.`,
    ...(evaluation.dropped.length > 0
      ? [`Left out because they share a recording: ${evaluation.dropped.join('; ')}.`]
      : []),
    '### Recall, %',
    `Found = the right song with z ≥ ${thresholds.likely}, ${thresholds.otherSpeed} at another speed, ${thresholds.stretched} where tempo and pitch differ from each other (accepted when a second window on the same line says so as well); accepted at once = z ≥ ${thresholds.certain}. All hypotheses are tried on each query; the tracker tries them in turn, a few per window. "Wrong song" counts all lengths.`,
    recall,
    `![Recall by degradation](${evaluation.chart})`,
    ...(peers.length > 0
      ? [
          `Peers get the same 8 kHz queries and library; their thresholds are the highest score of ${negatives.windows} unknown queries of that length: ${peers.map(({ name, thresholds: t }) => `${name} ${t.map((x) => x.toFixed(3)).join(' / ')}`).join('; ')}.`,
        ]
      : []),
    '### Unknown audio',
    `Single windows of 10 s: ${negatives.windows + negatives.shared}; ${negatives.shared} of them with z ≥ ${thresholds.likely} on shared audio (see below); of the others ${negatives.over} with z ≥ ${thresholds.likely}; highest z ${negatives.highest.toFixed(1)}. Through the tracker, as stations are heard:`,
    table(
      ['kind', 'hours', 'on shared audio', 'invented plays', 'invented per hour', 'below, with 95 %'],
      [...strangers, together(strangers)].map(({ kind, hours, shared, invented: lines }) => [
        kind,
        hours.toFixed(2),
        String(shared.length),
        String(lines.length),
        (lines.length / hours).toFixed(2),
        upperRate(lines.length, hours).toFixed(2),
      ]),
    ),
    'Shared: both recordings contain the same sound there, sample for sample (a loop, a stem or a closing chord that a composer used twice), as the correlation of the waveforms shows, which knows nothing of the recogniser. Invented: everything else.',
    ...(said.length > 0 ? [said.join('\n')] : []),
    '### Confidence',
    `Fitted on one half of the windows (every other query and unknown window): confidence = 1 ÷ (1 + e^−(z − ${evaluation.curve.middle.toFixed(2)}) ÷ ${evaluation.curve.width.toFixed(2)}) for one window. What the program's constants say about the other half:`,
    reliabilityTable('answers', evaluation.bins),
  ].join('\n\n');
}

/** Of what was said with a confidence in each range, how much was right. */
export function reliabilityTable(what: string, bins: readonly Bin[]): string {
  return table(
    ['confidence', what, 'mean confidence', 'right', 'share right, 95 % interval'],
    bins.map(({ from, to, count, said, right }) => [
      `${from}–${to}`,
      String(count),
      count === 0 ? '–' : said.toFixed(3),
      String(right),
      count === 0 ? '–' : `${share(right, count)} % (${interval(right, count)})`,
    ]),
  );
}

function together(strangers: readonly Strangers[]): Strangers {
  return {
    kind: '**all**',
    hours: strangers.reduce((sum, { hours }) => sum + hours, 0),
    shared: strangers.flatMap(({ shared }) => shared),
    invented: strangers.flatMap(({ invented }) => invented),
  };
}
