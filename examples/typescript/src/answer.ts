/** An entry of `errors`: why the request failed as a whole. */
export interface ErrorEntry {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What the server sends for a request, if it is answered. */
export interface Answer<Data> {
  readonly data: Data;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** What it sends otherwise. */
export interface Refusal {
  readonly errors: readonly ErrorEntry[];
}
