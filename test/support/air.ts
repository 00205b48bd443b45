import { SAMPLE_RATE } from '../../src/audio';
import type { CaptureSink } from '../../src/capture/types';
import type { RecognitionReport } from '../../src/recognition/types';

/** The one sample that sounds at each position: audio that can be told apart wherever it turns up. */
export function sampleAt(position: number): number {
  return (((position * 2_654_435_761) >>> 16) % 60_000) - 30_000;
}

export function samplesFrom(first: number, length: number): Int16Array {
  return Int16Array.from({ length }, (_, i) => sampleAt(first + i));
}

/** Sends a session's audio and, a few seconds behind it, what a recogniser says of it. */
export function air(
  to: CaptureSink & { report(report: RecognitionReport): void },
  reports: readonly RecognitionReport[],
  zero: number,
  options: { fromS?: number; start?: boolean; fault?: 'stall' } = {},
): void {
  const { stationId, sessionId } = reports[0]!;
  if (options.start !== false)
    to.sessionStarted({ stationId, sessionId, codec: 'mp3', url: 'http://radio.example/' });
  const delay = 2;
  for (let i = 0; i < reports.length + delay; i++) {
    const report = reports[i];
    if (report) {
      const firstSample = Math.round((report.upToS - report.hopS) * SAMPLE_RATE);
      const samples = samplesFrom(firstSample, Math.round(report.hopS * SAMPLE_RATE));
      to.audio({ stationId, sessionId, firstSample, samples, sampleZeroAt: zero });
    }
    if (i >= delay) to.report(reports[i - delay]!);
  }
  if (options.fault) {
    const samples = Math.round(reports.at(-1)!.upToS * SAMPLE_RATE);
    to.sessionEnded({ stationId, sessionId, fault: options.fault, detail: '', samples });
  }
}
