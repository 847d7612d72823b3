import type { Refusal } from './answer.ts';

/**
 * The server refused the request as a whole, or could not answer it. What is wrong with one item of
 * a batch is never thrown: it is in the data.
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  /** For programs: `BAD_INPUT`, `IDEMPOTENCY_KEY_REUSED`, `UNAVAILABLE`, … */
  readonly code: string;

  constructor({ errors }: Refusal) {
    super(errors.map((error) => error.message).join(' '));
    const code = errors[0]?.extensions?.['code'];
    this.code = typeof code === 'string' ? code : 'UNKNOWN';
  }
}
