/**
 * Where each bucket's postings begin and end, in a little over two bytes per bucket: the first posting of each group of 64
 * buckets, and from there on differences.
 */
export interface BucketTable {
  /** First posting of each group. */
  readonly groups: Uint32Array;
  /** First posting of each bucket, from its group's on; one more than there are buckets. */
  readonly within: Uint16Array;
}

export const GROUP_BITS = 6;
/** The most that one bucket may hold, so that a group fits in 16 bits. */
export const MAX_BUCKET = 1023;

/**
 * @param counts postings of each bucket, at most `MAX_BUCKET`
 */
export function bucketTable(counts: Uint32Array): BucketTable {
  const groups = new Uint32Array(new SharedArrayBuffer(4 * ((counts.length >> GROUP_BITS) + 1)));
  const within = new Uint16Array(new SharedArrayBuffer(2 * (counts.length + 1)));
  let total = 0;
  for (let bucket = 0; bucket <= counts.length; bucket++) {
    const group = bucket >> GROUP_BITS;
    if (bucket === group << GROUP_BITS) groups[group] = total;
    within[bucket] = total - groups[group]!;
    total += counts[bucket] ?? 0;
  }
  return { groups, within };
}

/** First posting of a bucket; of the one after the last bucket, how many postings there are. */
export function bucketStart({ groups, within }: BucketTable, bucket: number): number {
  return groups[bucket >> GROUP_BITS]! + within[bucket]!;
}
