// Two batches that run in the background. One is followed to its end by a subscription, the other by
// polling; then the items that failed are read page by page. Progress goes to standard error.

import { setTimeout as sleep } from 'node:timers/promises';

import { createProducts } from './create_products.ts';
import { execute } from './execute.ts';
import type { BatchOperationInput, ProgressFragment } from './generated/graphql.ts';
import { graphql } from './generated/index.ts';
import { subscribe } from './subscribe.ts';

const POLL_MS = 200;
const PAGE_SIZE = 20;

graphql(`
  fragment Progress on BatchOperation {
    status
    outcome
    totalItems
    processedItems
    successCount
    failureCount
    error
  }
`);

const Submit = graphql(`
  mutation Submit($operation: BatchOperationInput!) {
    submitBatch(operation: $operation) {
      id
    }
  }
`);

const Watch = graphql(`
  subscription Watch($id: ID!) {
    batchProgress(id: $id) {
      ...Progress
    }
  }
`);

const Look = graphql(`
  query Look($id: ID!) {
    batchOperation(id: $id) {
      ...Progress
    }
  }
`);

const Failures = graphql(`
  query Failures($id: ID!, $first: Int!, $after: String) {
    batchOperation(id: $id) {
      results(success: false, first: $first, after: $after) {
        edges {
          node {
            index
            error {
              code
            }
          }
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);

async function submit(operation: BatchOperationInput): Promise<string> {
  const { submitBatch } = await execute(Submit, { operation });
  return submitBatch.id;
}

/** It begins with the batch as it is now, and ends with the batch: nothing can be missed. */
async function followBySubscription(id: string): Promise<ProgressFragment> {
  let last: ProgressFragment | undefined;
  for await (const { batchProgress } of subscribe(Watch, { id })) {
    showProgress(batchProgress);
    last = batchProgress;
  }
  if (!last) throw new Error(`The server has told nothing of batch ${id}.`);
  return last;
}

async function followByPolling(id: string): Promise<ProgressFragment> {
  for (;;) {
    const { batchOperation: batch } = await execute(Look, { id });
    if (!batch) throw new Error(`There is no batch ${id}.`);
    showProgress(batch);
    if (batch.status !== 'PENDING' && batch.status !== 'PROCESSING') return batch;
    await sleep(POLL_MS);
  }
}

function showProgress({ status, processedItems, totalItems }: ProgressFragment): void {
  console.error(`… ${status} ${processedItems}/${totalItems}`);
}

function showEnd({ status, outcome, successCount, failureCount, error }: ProgressFragment): void {
  console.log(`  ${status}, ${outcome}: ${successCount} succeeded, ${failureCount} failed`);
  if (error) console.log(`  ${error}`); // why it is FAILED
}

async function failures(id: string, after: string | null) {
  const { batchOperation: batch } = await execute(Failures, { id, first: PAGE_SIZE, after });
  if (!batch) throw new Error(`There is no batch ${id}.`);
  return batch.results;
}

async function showFailures(id: string): Promise<void> {
  let after: string | null = null;
  do {
    const { edges, pageInfo } = await failures(id, after);
    const items = edges.map(({ node }) => node.index);
    const codes = new Set(edges.map(({ node }) => node.error?.code));
    console.log(`  a page of ${edges.length}: ${[...codes].join(', ')} at ${items.join(' ')}`);
    after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
}

const ids = await createProducts(200); // each with a stock of 10

// Every fourth update takes more than there is.
const updates = ids.map((productId, index) => ({ productId, quantity: index % 4 ? -1 : -11 }));
const stockBatch = await submit({ updateStock: { updates, batchSize: 10 } });
console.log('200 stock updates, followed by subscription:');
showEnd(await followBySubscription(stockBatch));
await showFailures(stockBatch);

const nowhere = 'ffffffffffffffffffffffff';
const priceBatch = await submit({ updatePrice: { productIds: [...ids, nowhere], newPrice: 990 } });
console.log('201 prices, followed by polling:');
showEnd(await followByPolling(priceBatch));
await showFailures(priceBatch);
