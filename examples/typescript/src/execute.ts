import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

import type { Answer, Refusal } from './answer.ts';
import { ENDPOINT } from './endpoint.ts';
import { RequestError } from './request_error.ts';

const TIMEOUT_MS = 60_000;

/**
 * The data of the answer, typed by the document.
 *
 * Throws a `RequestError` if the server refused the request, and what `fetch` throws if no answer
 * came: then the server may have done it all the same, so only with an idempotency key is it safe to
 * send it again.
 */
export async function execute<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: NoInfer<Variables>, // the document alone says what they are
): Promise<Data> {
  const { data } = await send(document, variables);
  return data;
}

/** The same with the answer's `extensions`, and from the server at `url`. */
export async function send<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: NoInfer<Variables>,
  url: string = ENDPOINT,
): Promise<Answer<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ query: print(document), variables }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });

  // A proxy on the way may answer with a page of its own: look before trusting.
  const body = parsed(await response.text());
  if (isRefusal(body)) throw new RequestError(body);
  if (!isAnswer<Data>(body)) throw new Error(`${url} answered ${response.status}, and no GraphQL.`);
  return body;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRefusal(body: unknown): body is Refusal {
  return isObject(body) && 'errors' in body && Array.isArray(body.errors);
}

/** That `data` has the form of `Data` is what the schema promises, and the generated code knows. */
function isAnswer<Data>(body: unknown): body is Answer<Data> {
  return isObject(body) && 'data' in body && isObject(body.data);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
