import { z } from 'zod';

/** Blocks of other services within an answer: whatever does not look as documented is as good as absent. */
const block = <T extends z.ZodType>(schema: T) => schema.optional().nullable().catch(undefined);

const result = z.object({
  artist: z.string().min(1),
  title: z.string().min(1),
  album: block(z.string()),
  release_date: block(z.string()),
  label: block(z.string()),
  timecode: block(z.string()),
  song_link: block(z.string()),
  apple_music: block(z.object({ isrc: block(z.string()) })),
  spotify: block(z.object({ external_ids: block(z.object({ isrc: block(z.string()) })) })),
  deezer: block(z.object({ isrc: block(z.string()) })),
  musicbrainz: block(z.array(z.object({ id: block(z.string()), isrcs: block(z.array(z.string())) }))),
});

/** What AudD's standard recognition answers. `result: null` = it knows no such recording. */
export const recognizeAnswer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), result: result.nullable() }),
  z.object({
    status: z.literal('error'),
    error: z.object({ error_code: z.number().int(), error_message: z.string().default('') }),
  }),
]);

export type RecognizeResult = z.output<typeof result>;
