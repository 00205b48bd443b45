/** The body of a Vorbis comment, which Vorbis, Opus and FLAC share: `KEY=value` pairs. */
export function commentBody(tags: ReadonlyArray<readonly [string, string]>): Buffer {
  const entry = (text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const count = Buffer.alloc(4);
  count.writeUInt32LE(tags.length);
  return Buffer.concat([
    entry('SODAV Monitor, simulateur'),
    count,
    ...tags.map(([key, value]) => entry(`${key}=${value}`)),
  ]);
}
