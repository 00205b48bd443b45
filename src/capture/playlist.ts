/** Entries of a playlist that are tried. */
const MOST_ENTRIES = 5;

/** Is this text a playlist of HLS segments or variants, and not a list of streams? */
export function isHls(text: string): boolean {
  return (
    /^\s*#EXTM3U/.test(text) && /^#EXT-X-(?:TARGETDURATION|STREAM-INF|MEDIA-SEQUENCE|MEDIA:)/m.test(text)
  );
}

/** The streams that an M3U or PLS text names, in its order, at most five, http and https only. */
export function playlistEntries(text: string, base: URL): URL[] {
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const pls = lines.some((line) => /^\[playlist\]$/i.test(line));
  const named = pls
    ? lines.flatMap((line) => /^File\d+\s*=\s*(.+)$/i.exec(line)?.[1] ?? [])
    : lines.filter((line) => line !== '' && !line.startsWith('#'));
  return named
    .filter((entry) => URL.canParse(entry, base.href))
    .map((entry) => new URL(entry, base.href))
    .filter(({ protocol }) => protocol === 'http:' || protocol === 'https:')
    .slice(0, MOST_ENTRIES);
}
