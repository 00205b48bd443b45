import type { SessionId } from '../../capture/types';
import type { RecognitionReport } from '../types';
import type { Duplicate } from './duplicates';
import type { Fingerprint } from './fingerprint';
import type { LandmarkIndex } from './landmark-index';
import type { ReferenceTrack } from './reference';
import type { Attempt } from './tracker';

/** What the recogniser says to a worker thread. */
export type ToWorker =
  | { readonly type: 'index'; readonly index: LandmarkIndex }
  | {
      readonly type: 'audio';
      readonly stationId: number;
      readonly sessionId: SessionId;
      readonly firstSample: number;
      /** Line numbers of this session begin above this one. */
      readonly lastLineId: number;
      readonly samples: Int16Array;
    }
  | { readonly type: 'end'; readonly stationId: number; readonly sessionId: SessionId }
  | { readonly type: 'fingerprint'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'duplicate'; readonly id: number; readonly fingerprint: Fingerprint };

/** What a worker thread answers. Every `audio` gets its `taken`, after the reports that it led to. */
export type FromWorker =
  | { readonly type: 'report'; readonly report: RecognitionReport; readonly attempt?: Attempt }
  | { readonly type: 'taken'; readonly sessionId: SessionId; readonly samples: number }
  | { readonly type: 'ended'; readonly sessionId: SessionId }
  | { readonly type: 'fingerprint'; readonly id: number; readonly fingerprint: Fingerprint }
  | { readonly type: 'duplicate'; readonly id: number; readonly duplicate: Duplicate | undefined }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** A track for the next index; without a reference, it is as `base` has it. */
export interface OrderedTrack {
  readonly trackId: number;
  readonly reference: ReferenceTrack | undefined;
}

/** What the index builder is given as `workerData`. */
export interface BuildOrder {
  readonly tracks: readonly OrderedTrack[];
  readonly base: LandmarkIndex;
  readonly generation: number;
}

export type FromBuilder =
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'built'; readonly index: LandmarkIndex };
