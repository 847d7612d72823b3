// A call that is sent again because its connection was cut after the server had done the work. With
// an idempotency key it applies once, and the second attempt gets the first answer.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Answer } from './answer.ts';
import { createProducts } from './create_products.ts';
import { cutFirst } from './cut.ts';
import { ENDPOINT } from './endpoint.ts';
import { execute, send } from './execute.ts';
import { graphql } from './generated/index.ts';
import { RequestError } from './request_error.ts';

const ATTEMPTS = 3;
const PAUSE_MS = 200;

const Take = graphql(`
  mutation Take($updates: [StockUpdateInput!]!, $key: String!) {
    batchUpdateStock(updates: $updates, idempotencyKey: $key) {
      newStock
    }
  }
`);

const Ledger = graphql(`
  query Ledger($id: ID!) {
    product(id: $id) {
      stock
    }
    stockUpdates(filter: { productId: $id }) {
      totalCount
    }
  }
`);

/** The first answer that comes. The key is made outside: once, and not for each attempt anew. */
async function untilAnswered<Data>(call: () => Promise<Answer<Data>>): Promise<Answer<Data>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await call();
      console.log(`Attempt ${attempt}: answered`);
      return answer;
    } catch (error) {
      console.log(`Attempt ${attempt}: ${error}`);
      if (attempt === ATTEMPTS || !mayGoBetter(error)) throw error;
      await sleep(attempt * PAUSE_MS);
    }
  }
}

/** No answer came, or one that says to try again. Any other refusal would be the same again. */
function mayGoBetter(error: unknown): boolean {
  if (!(error instanceof RequestError)) return true;
  return error.code === 'UNAVAILABLE' || error.code === 'IDEMPOTENCY_KEY_IN_USE';
}

async function showLedger(id: string): Promise<void> {
  const { product, stockUpdates } = await execute(Ledger, { id });
  console.log(`  in stock: ${product?.stock}, rows in stockUpdates: ${stockUpdates.totalCount}`);
}

const [id] = await createProducts(1); // with a stock of 10
if (!id) throw new Error('There is no product.');

const key = randomUUID();
const updates = [{ productId: id, quantity: -3 }];
const proxy = await cutFirst(ENDPOINT);

const { data, extensions } = await untilAnswered(() => send(Take, { updates, key }, proxy.url));
console.log(`  new stock: ${data.batchUpdateStock[0]?.newStock}`);
console.log(`  idempotentReplay: ${extensions?.['idempotentReplay']}`);
await showLedger(id);
proxy.close();

// The key stands for what was sent with it. For anything else it is refused, and nothing is done.
try {
  await execute(Take, { updates: [{ productId: id, quantity: -4 }], key });
} catch (error) {
  if (!(error instanceof RequestError)) throw error;
  console.log(`Other content, same key: ${error.code}`);
}
await showLedger(id);
