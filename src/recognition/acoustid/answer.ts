import { z } from 'zod';

const artist = z.object({ name: z.string().min(1), joinphrase: z.string().optional() });

const releaseGroup = z.object({
  title: z.string().optional(),
  type: z.string().optional(),
  secondarytypes: z.array(z.string()).optional(),
});

const recording = z.object({
  id: z.string().min(1),
  // Absent for recordings that MusicBrainz has merged or removed since.
  title: z.string().optional(),
  duration: z.number().optional(),
  artists: z.array(artist).optional(),
  releasegroups: z.array(releaseGroup).optional(),
  sources: z.number().optional(),
});

const result = z.object({
  id: z.string().min(1),
  score: z.number().min(0).max(1),
  recordings: z.array(recording).optional(),
});

/** What `/v2/lookup` answers (JSON). Fields that we do not use are let through unread. */
export const lookupAnswer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ok'), results: z.array(result) }),
  z.object({ status: z.literal('error'), error: z.object({ code: z.number().int(), message: z.string() }) }),
]);

export type LookupResult = z.output<typeof result>;
export type LookupRecording = z.output<typeof recording>;
