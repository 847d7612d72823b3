/** What went wrong, and what to do about it. */

/** @type {Record<string, string>} what to do, by the code of the error */
const CURES = {
  UNAUTHENTICATED: "Sign in with an API key that is valid.",
  FORBIDDEN: "Sign in with a key whose role may do this, or ask an admin.",
  NOT_FOUND: "It may have been removed, or belong to somebody else.",
  BATCH_TOO_LARGE: "Send fewer rows at a time, or set a higher limit on the server.",
  REQUEST_TOO_LARGE: "Send the file in parts.",
  QUEUE_FULL: "Wait until some of the waiting batches are done, and try again.",
  RATE_LIMITED: "You have reached a limit of your key. Wait a minute, and try again.",
  OVERLOADED: "The server is busy. Try again in a moment.",
  UNAVAILABLE: "The database or the server is not there just now. Try again in a moment.",
  INTERNAL: "The server’s log has the cause under the id in the message.",
  UNREACHABLE: "Look whether the server runs and whether this computer is online. The page tries again by itself.",
  IDEMPOTENCY_KEY_IN_USE: "The same request is still running. Wait a moment.",
};

/**
 * @typedef {{ name: string, column: string | null }} NamedColumn
 * @typedef {{
 *   format: string, encoding?: string, byteOrderMark?: boolean, delimiter?: string, quote?: string, lineEnd?: string,
 *   sheet?: string, columns?: NamedColumn[], ignoredColumns?: string[],
 * }} DetectedFile
 */

export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ reasons?: string[] | undefined, file?: DetectedFile | undefined }} more
   */
  constructor(code, message, { reasons = [], file } = {}) {
    super(message);
    this.code = code;
    this.reasons = reasons;
    this.file = file; // what was found out about a file that was refused
  }

  get cure() {
    return CURES[this.code] ?? "";
  }

  /** Whether the same request may succeed in a moment. */
  get isPassing() {
    return ["UNREACHABLE", "UNAVAILABLE", "OVERLOADED", "QUEUE_FULL", "RATE_LIMITED"].includes(this.code);
  }
}

/**
 * @param {unknown} error
 * @returns {ApiError}
 */
export function toApiError(error) {
  if (error instanceof ApiError) return error;
  return new ApiError("INTERNAL", error instanceof Error ? error.message : String(error));
}
