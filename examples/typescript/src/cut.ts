import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** A proxy that listens at `url`. */
export interface CuttingProxy {
  readonly url: string;
  close(): void;
}

/**
 * A proxy to `target`. It passes the first request on, waits until the server has answered, and cuts
 * the connection: the work is done, and the client does not hear of it. Later requests go through.
 */
export async function cutFirst(target: string): Promise<CuttingProxy> {
  let cut = false;

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await fetch(target, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: await text(request),
    });
    const body = await answer.text();
    if (!cut) {
      cut = true;
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(body);
  }

  const proxy = createServer((request, response) => {
    pass(request, response).catch(() => request.socket.destroy()); // the server has hung up itself
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return { url: `http://127.0.0.1:${address.port}`, close: () => void proxy.close() };
}
