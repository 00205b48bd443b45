import { parser } from '@prometheus-io/lezer-promql';

/** What an expression reads: metrics with the labels that are matched on them, and the labels that are grouped by. */
export interface Reading {
  readonly errors: number;
  readonly selectors: readonly { readonly metric: string; readonly labels: readonly string[] }[];
  readonly grouping: readonly string[];
}

/** Parses with Prometheus' own grammar for editors. */
export function read(expr: string): Reading {
  const selectors: { metric: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  let errors = 0;
  parser.parse(expr).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) errors += 1;
      if (type.name === 'VectorSelector') {
        const name = node.getChild('Identifier');
        const labels: string[] = [];
        node.cursor().iterate((inner) => {
          if (inner.from < from || inner.to > to) return false;
          if (inner.name === 'LabelName') labels.push(expr.slice(inner.from, inner.to));
          return true;
        });
        selectors.push({ metric: name === null ? '' : expr.slice(name.from, name.to), labels });
      }
      if (type.name === 'GroupingLabels') {
        node.cursor().iterate((inner) => {
          if (inner.from < from || inner.to > to) return false;
          if (inner.name === 'LabelName') grouping.push(expr.slice(inner.from, inner.to));
          return true;
        });
      }
    },
  });
  return { errors, selectors, grouping };
}
