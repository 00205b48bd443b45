import type { ProgrammeStyle } from './programme';

export const PROFILES = ['demo', 'eval', 'load'] as const;
export type Profile = (typeof PROFILES)[number];

/** A profile: how stations are run and how long their songs are. */
export interface ProfileSettings {
  readonly style: ProgrammeStyle;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  /** Every element encoded once and spliced: a hundred stations cost almost nothing. MP3 only. */
  readonly spliced: boolean;
  /** Loudness processing as stations do it, on what is not spliced. */
  readonly radioChain: boolean;
}

export const PROFILE_SETTINGS: Readonly<Record<Profile, ProfileSettings>> = {
  /** What a visitor sees: short songs, so that something happens. */
  demo: {
    minSeconds: 60,
    maxSeconds: 100,
    spliced: false,
    radioChain: false,
    style: {
      unknownShare: 0.12,
      crossfade: 0.8,
      maxCrossfadeS: 4,
      jingle: 0.3,
      speechGap: 0.2,
      silence: 0.05,
      talkOver: 0.3,
      excerpt: 0,
      speeds: [1],
      dropoutsPerHour: 0,
    },
  },
  /** What a recogniser must stand: everything that real stations do to a song. */
  eval: {
    minSeconds: 90,
    maxSeconds: 200,
    spliced: false,
    radioChain: true,
    style: {
      unknownShare: 0.25,
      crossfade: 0.8,
      maxCrossfadeS: 6,
      jingle: 0.25,
      speechGap: 0.25,
      silence: 0.08,
      talkOver: 0.5,
      excerpt: 0.2,
      speeds: [1, 1, 1, 1.015, 0.985, 1.03],
      dropoutsPerHour: 4,
    },
  },
  /** Many stations at once: nothing overlaps, so that what was encoded once can be sent again. */
  load: {
    minSeconds: 60,
    maxSeconds: 120,
    spliced: true,
    radioChain: false,
    style: {
      unknownShare: 0.15,
      crossfade: 0,
      maxCrossfadeS: 0,
      jingle: 0.3,
      speechGap: 0.3,
      silence: 0.05,
      talkOver: 0,
      excerpt: 0,
      speeds: [1],
      dropoutsPerHour: 0,
      sharedPool: 10,
    },
  },
};
