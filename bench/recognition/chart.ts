/** A bar chart of shares as a standalone SVG. */
export interface Bars {
  readonly title: string;
  readonly series: readonly { readonly name: string; readonly colour: string }[];
  readonly rows: readonly { readonly name: string; readonly values: readonly (number | undefined)[] }[];
}

const LEFT = 240;
const WIDTH = 420;
const BAR = 7;

const quoted = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

export function barChart({ title, series, rows }: Bars): string {
  const rowHeight = BAR * series.length + 8;
  const top = 56;
  const height = top + rows.length * rowHeight + 24;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 70}" height="${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="18" font-size="14">${quoted(title)}</text>`,
  ];
  for (const [i, { name, colour }] of series.entries()) {
    parts.push(
      `<rect x="${12 + 150 * i}" y="28" width="10" height="10" fill="${colour}"/>`,
      `<text x="${27 + 150 * i}" y="37">${quoted(name)}</text>`,
    );
  }
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const x = LEFT + share * WIDTH;
    parts.push(
      `<line x1="${x}" x2="${x}" y1="${top - 6}" y2="${height - 22}" stroke="#ddd"/>`,
      `<text x="${x}" y="${height - 8}" text-anchor="middle">${100 * share} %</text>`,
    );
  }
  for (const [r, { name, values }] of rows.entries()) {
    const y = top + r * rowHeight;
    parts.push(`<text x="${LEFT - 8}" y="${y + rowHeight / 2}" text-anchor="end">${quoted(name)}</text>`);
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue;
      const width = Math.max(1, value * WIDTH).toFixed(1);
      parts.push(
        `<rect x="${LEFT}" y="${y + i * BAR}" width="${width}" height="${BAR - 1}" fill="${series[i]!.colour}"/>`,
      );
    }
  }
  return `${parts.join('\n')}\n</svg>\n`;
}
