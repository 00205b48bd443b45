import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Degradation } from './degradations';
import { EXCERPT_S, type Excerpt, type Excerpts, PAUSE_S } from './excerpts';
import { AIR, bytesOf, ffmpeg, STUDIO, samplesOf } from './ffmpeg';

/** A degraded excerpt as the recogniser hears it. */
export interface Query {
  readonly excerpt: Excerpt;
  /** Mono, 8 kHz; 20 s at the speed at which it is played. */
  readonly samples: Int16Array;
}

/** Seconds before the excerpt that no query uses: codecs and filters settle. */
const LEAD_S = 0.25;

/** Degrades all excerpts in one go, and cuts them apart again. `folder` is for files in between. */
export function degrade(degradation: Degradation, excerpts: Excerpts, folder: string): Query[] {
  const { material = 'middle', mix, filter, codec, tempo = 1 } = degradation;
  const studio =
    material === 'crossfade'
      ? excerpts.crossfaded()
      : material === 'intro'
        ? excerpts.intros()
        : mix
          ? excerpts.mixed(mix.with, mix.db)
          : excerpts.plain;
  const raw = join(folder, 'studio.raw');
  writeFileSync(raw, bytesOf(studio));
  const filters = filter ? ['-af', filter] : [];
  let air: Int16Array;
  if (codec) {
    const [extension, ...options] = codec;
    const sent = join(folder, `sent.${extension}`);
    ffmpeg(...STUDIO, '-i', raw, ...filters, ...options, sent);
    air = samplesOf(ffmpeg('-i', sent, ...AIR, '-'));
  } else {
    air = samplesOf(ffmpeg(...STUDIO, '-i', raw, ...filters, ...AIR, '-'));
  }
  const lead = material === 'intro' ? 0 : LEAD_S;
  const list = material === 'intro' ? excerpts.starts : excerpts.middles;
  return list.map((excerpt, k) => {
    const slotS = (EXCERPT_S + PAUSE_S) * k;
    const from = Math.round(((slotS + lead) / tempo) * 8000);
    const to = Math.round(((slotS + EXCERPT_S) / tempo) * 8000);
    return { excerpt: { ...excerpt, fromS: excerpt.fromS + lead }, samples: air.subarray(from, to) };
  });
}
