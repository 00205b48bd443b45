import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { AIR_RATE } from '../../src/simulator/air';
import { synthesiseSpeech } from '../../src/simulator/synth/speech';
import { bytesOf, ffmpeg, isInstalled, STUDIO_RATE, samplesOf } from './ffmpeg';

const TEXTS = [
  [
    'fr',
    'Bonjour à tous et bienvenue sur notre antenne. Il est midi, voici les titres de ce journal. Le marché central rouvre ce matin après trois semaines de travaux, et les commerçants attendent beaucoup de monde. Sur la côte, les pêcheurs rentrent avec de bonnes prises malgré le vent. La météo annonce du soleil sur tout le pays, et des nuages vers le soir.',
  ],
  [
    'fr',
    'Vous écoutez votre émission du soir. Tout de suite, des nouvelles de la route, puis un appel de nos auditeurs. On nous signale un ralentissement à l’entrée de la ville, prenez patience. Notre invité est musicien, il nous parlera de son dernier concert, de ses débuts et de la tournée qui commence la semaine prochaine.',
  ],
  [
    'en',
    'Good evening and welcome back. In a moment we will hear from our guest, but first a look at what is happening in town tonight. The theatre opens its doors at eight, tickets are still available, and the night market stays open until midnight. Stay with us for more music.',
  ],
] as const;

/** Some minutes of speech, mono at 44.1 kHz, and where it is from. `folder` is for files in between. */
export function someSpeech(folder: string): { samples: Int16Array; source: string } {
  if (!isInstalled('espeak-ng')) {
    const wav = join(folder, 'speech.raw');
    const parts = Array.from({ length: 6 }, (_, i) => synthesiseSpeech(`evaluation/${i}`, 30));
    const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      samples.set(part, at);
      at += part.length;
    }
    const raw = spawnSync(
      'ffmpeg',
      [
        '-v',
        'error',
        '-f',
        's16le',
        '-ar',
        String(AIR_RATE),
        '-ac',
        '1',
        '-i',
        '-',
        '-f',
        's16le',
        '-ar',
        String(STUDIO_RATE),
        '-',
      ],
      { input: bytesOf(samples), maxBuffer: 2 ** 30 },
    );
    rmSync(wav, { force: true });
    return { samples: samplesOf(raw.stdout), source: "the simulator's babble (espeak-ng is not installed)" };
  }
  const parts = TEXTS.flatMap(([language, text]) =>
    [120, 150, 175].map((speed, i) => {
      const wav = join(folder, 'speech.wav');
      spawnSync('espeak-ng', [
        '-v',
        `${language}+${i % 2 === 0 ? 'm3' : 'f2'}`,
        '-s',
        String(speed),
        '-w',
        wav,
        text,
      ]);
      return samplesOf(ffmpeg('-i', wav, '-f', 's16le', '-ac', '1', '-ar', String(STUDIO_RATE), '-'));
    }),
  );
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    samples.set(part, at);
    at += part.length;
  }
  return { samples, source: 'espeak-ng, French and English' };
}
