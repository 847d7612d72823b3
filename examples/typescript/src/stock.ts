// A stock batch with items that fail: the others are applied, and every item has its own result.

import { createProducts } from './create_products.ts';
import { execute } from './execute.ts';
import type { UpdateStockMutation } from './generated/graphql.ts';
import { graphql } from './generated/index.ts';

const UpdateStock = graphql(`
  mutation UpdateStock($updates: [StockUpdateInput!]!) {
    batchUpdateStock(updates: $updates) {
      __typename
      index
      ... on StockUpdateApplied {
        newStock
      }
      ... on StockUpdateFailed {
        error {
          code
          message
        }
      }
    }
  }
`);

/** `StockUpdateApplied | StockUpdateFailed`, with the fields that were asked for. */
type Result = UpdateStockMutation['batchUpdateStock'][number];

function describe(result: Result): string {
  switch (result.__typename) {
    case 'StockUpdateApplied':
      return `applied, the stock is ${result.newStock}`; // a number, and no `error`
    case 'StockUpdateFailed':
      return `failed, ${result.error.code}: ${result.error.message}`; // not null; no `newStock`
    default:
      return unreachable(result); // compiles only if no case is missing
  }
}

function unreachable(result: never): never {
  throw new Error(`This program does not know such a result: ${JSON.stringify(result)}`);
}

const quantities = [5, -11, -3];
const ids = await createProducts(quantities.length); // each with a stock of 10

const { batchUpdateStock: results } = await execute(UpdateStock, {
  updates: ids.map((productId, index) => ({ productId, quantity: quantities[index] ?? 0 })),
});

for (const result of results) {
  console.log(`add ${quantities[result.index]} to 10: ${describe(result)}`);
}
