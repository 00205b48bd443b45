import { AppError } from '../errors';
import { formatIsrc } from './isrc';

export function trackNotFound(id: number): AppError {
  return new AppError('track_not_found', 404, {
    fr: `Aucun titre ne porte le numéro ${id}.`,
    en: `There is no track number ${id}.`,
  });
}

export function trackHasPlays(id: number, plays: number): AppError {
  return new AppError(
    'track_has_plays',
    409,
    {
      fr: `Le titre ${id} a ${plays} diffusion${plays > 1 ? 's' : ''} au relevé : il ne peut pas être supprimé.`,
      en: `Track ${id} has ${plays} logged play${plays > 1 ? 's' : ''}: it cannot be deleted.`,
    },
    { plays },
  );
}

export function isrcConflict(isrc: string, other: { id: number; title: string }): AppError {
  return new AppError(
    'isrc_conflict',
    409,
    {
      fr: `L'ISRC ${formatIsrc(isrc)} est déjà celui d'un autre enregistrement : « ${other.title} » (n° ${other.id}).`,
      en: `ISRC ${formatIsrc(isrc)} already belongs to another recording: "${other.title}" (no. ${other.id}).`,
    },
    { isrc, trackId: other.id },
  );
}

export function invalidRecording(fr: string, en: string): AppError {
  return new AppError('invalid_recording', 422, { fr, en });
}
