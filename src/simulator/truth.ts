import type { Dropout, Element, Programme } from './programme';

/** Milliseconds since the epoch, on the air. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What was really aired: what a log of plays is judged by. */
export interface TruthEntry {
  readonly station: string;
  readonly kind: Element['kind'];
  readonly key: string;
  readonly title?: string;
  readonly artists?: readonly string[];
  /** First and last moment at which it could be heard, fades included, ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Where in the recording it started, seconds. */
  readonly offsetS: number;
  readonly speed: number;
  readonly fadeInS: number;
  readonly fadeOutS: number;
  /** Broken off before the recording's own end. */
  readonly cut: boolean;
  /** Speech that lay over it. */
  readonly talkedOver: readonly Stretch[];
  /** When the stream reached nobody: drop-outs of the programme and faults asked for. */
  readonly unheard: readonly Stretch[];
}

/**
 * What a station airs between two times, ms since the epoch; whole entries, also where they reach beyond.
 * @param origin when the programme's millisecond 0 is on the air
 * @param faults stretches in which the server did not deliver, ms since the epoch
 */
export function truthBetween(
  programme: Programme,
  origin: number,
  from: number,
  to: number,
  faults: readonly Stretch[],
): TruthEntry[] {
  const elements = programme.elementsBetween(from - origin, to - origin);
  return elements.map((element) => {
    const near = programme.elementsBetween(element.startMs, element.endMs);
    const dropouts = programme.dropoutsBetween(element.startMs, element.endMs);
    const startedAt = origin + element.startMs;
    const endedAt = origin + element.endMs;
    const within = ({ from: a, to: b }: Stretch): Stretch => ({
      from: Math.max(a, startedAt),
      to: Math.min(b, endedAt),
    });
    const onAir = ({ startMs, endMs }: Dropout): Stretch => ({ from: origin + startMs, to: origin + endMs });
    const unheard = [...dropouts.map(onAir), ...faults.filter((f) => f.to > startedAt && f.from < endedAt)];
    return {
      station: programme.mount,
      kind: element.kind,
      key: element.key,
      ...(element.recording && { title: element.recording.title, artists: element.recording.artists }),
      startedAt,
      endedAt,
      offsetS: element.offsetMs / 1_000,
      speed: element.speed,
      fadeInS: element.fadeInMs / 1_000,
      fadeOutS: element.fadeOutMs / 1_000,
      cut: element.cut,
      talkedOver: near
        .filter((other) => other.over && other !== element)
        .map((other) => within(onAir(other))),
      unheard: unheard.map(within).sort((a, b) => a.from - b.from),
    };
  });
}
