import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';

import { ENDPOINT } from './endpoint.ts';
import { RequestError } from './request_error.ts';

// Connects for the first subscription and disconnects after the last one. A connection that is lost
// is made again, and its subscriptions with it. A browser needs no `webSocketImpl`; Node 20 does.
const client = createClient({
  url: ENDPOINT.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
});

/** What the subscription sends, one by one, until the server ends it. Throws a `RequestError`. */
export async function* subscribe<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: NoInfer<Variables>,
): AsyncGenerator<Data, void, void> {
  for await (const message of client.iterate<Data>({ query: print(document), variables })) {
    if (message.errors) throw new RequestError({ errors: message.errors });
    if (message.data) yield message.data;
  }
}
