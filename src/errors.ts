/** A message in the two languages that SODAV's people read. */
export interface Phrase {
  readonly fr: string;
  readonly en: string;
}

/**
 * An error that a person or a program outside may see: a stable code, an HTTP status, and what to do, in French and
 * English. Everything else that is thrown is a bug and is shown as `internal_error` without its details.
 */
export class AppError extends Error {
  constructor(
    /** Stable, snake_case: programs compare it. */
    readonly code: string,
    /** HTTP status, 400–599. */
    readonly status: number,
    readonly phrase: Phrase,
    /** Fields at fault and the like; safe to show. */
    readonly details?: unknown,
    options?: ErrorOptions,
  ) {
    super(phrase.en, options);
    this.name = 'AppError';
  }
}
