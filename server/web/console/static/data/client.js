/** Requests to the server: GraphQL, and REST for files. Every address is relative, so a proxy may put the page anywhere. */
import { ApiError } from "./errors.js";
import { session } from "./session.js";

/**
 * @param {string} path
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function request(path, options) {
  const headers = { ...options.headers, ...session.headers };
  try {
    return await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("UNREACHABLE", "The server does not answer.");
  }
}

/**
 * Return the data of a GraphQL request.
 *
 * @param {string} query
 * @param {Record<string, unknown>} [variables]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(query, variables = {}, signal) {
  const response = await request("graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ query, variables }),
    ...(signal ? { signal } : {}),
  });
  const answer = await response.json().catch(() => ({}));
  const [error] = answer.errors ?? [];
  if (error) throw new ApiError(error.extensions?.code ?? "INTERNAL", error.message);
  if (answer.error) throw refused(answer.error);
  if (!answer.data) throw new ApiError("UNREACHABLE", `The server answers with ${response.status}.`);
  return answer.data;
}

/**
 * Return the answer of a REST route.
 *
 * @param {string} path below `api/`
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function rest(path, options = {}) {
  const response = await request(`api/${path}`, options);
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw answer.error ? refused(answer.error) : new ApiError("UNREACHABLE", `The server answers with ${response.status}.`);
}

/** @param {any} error as REST writes it */
function refused(error) {
  return new ApiError(error.code, error.message, { reasons: error.reasons, file: error.file });
}

/**
 * Save a file of a REST route under the name that the server proposes. A link could not send the key.
 *
 * @param {string} path
 */
export async function download(path) {
  const response = await rest(path);
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name ?? "stockbatch";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it only later
}

/**
 * Return the first objects of a file of NDJSON, and read no further.
 *
 * @param {string} path
 * @param {number} most
 * @returns {Promise<any[]>}
 */
export async function firstLines(path, most) {
  const stop = new AbortController();
  const response = await rest(path, { headers: { Accept: "application/x-ndjson" }, signal: stop.signal });
  const lines = [];
  let begun = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader) {
    const { done, value } = await reader.read();
    const [...ended] = (begun + (value ?? "")).split("\n");
    begun = ended.pop() ?? "";
    lines.push(...ended.filter(Boolean).map((line) => JSON.parse(line)));
    if (done || lines.length >= most) break;
  }
  stop.abort();
  return lines.slice(0, most);
}

/** Return a new idempotency key. `crypto.randomUUID` exists on pages with TLS alone. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
