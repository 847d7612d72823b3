// Create, update and delete with partial results: what is right is done, what is wrong is named.

import { execute } from './execute.ts';
import type { FailureFragment } from './generated/graphql.ts';
import { graphql } from './generated/index.ts';

const PARTIAL = { continueOnError: true, returnPartialResults: true };

graphql(`
  fragment Failure on FailedItem {
    errors {
      code
      message
      path
    }
  }
`);

const Create = graphql(`
  mutation Create($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
    batchCreateProducts(products: $products, options: $options) {
      outcome
      created {
        id
        name
        stock
      }
      failed {
        ...Failure
      }
      stats {
        total
        created
      }
    }
  }
`);

const Sell = graphql(`
  mutation Sell($productId: ID!, $quantity: Float!) {
    batchUpdateStock(updates: [{ productId: $productId, quantity: $quantity }]) {
      newStock
    }
  }
`);

const Update = graphql(`
  mutation Update($updates: [UpdateProductInput!]!, $options: BatchUpdateOptions) {
    batchUpdateProducts(updates: $updates, options: $options) {
      outcome
      updated {
        name
        price
      }
      notFound {
        index
      }
      failed {
        ...Failure
      }
      stats {
        total
        updated
      }
    }
  }
`);

const Delete = graphql(`
  mutation Delete($deletes: [DeleteProductInput!]!, $options: BatchDeleteOptions) {
    batchDeleteProducts(deletes: $deletes, options: $options) {
      outcome
      deleted {
        name
      }
      notFound {
        index
      }
      failed {
        ...Failure
      }
      stats {
        total
        deleted
      }
    }
  }
`);

function printFailures(failed: readonly FailureFragment[]): void {
  for (const { code, path, message } of failed.flatMap((item) => item.errors)) {
    console.log(`  ${code} at ${path.join('.')}: ${message}`);
  }
}

const nowhere = 'ffffffffffffffffffffffff';

const { batchCreateProducts: creation } = await execute(Create, {
  products: [
    { name: 'Oolong 100 g', price: 1490, stock: 30, category: 'example' },
    { name: 'Sencha 100 g', price: 1290, stock: 20, category: 'example' },
    { name: 'Matcha 30 g', price: 12.5, stock: -1, category: 'example' },
  ],
  options: { ...PARTIAL, expireIn: 10 * 60_000 }, // they disappear by themselves
});
console.log(`${creation.stats.created} of ${creation.stats.total} created: ${creation.outcome}`);
for (const { name, stock } of creation.created) console.log(`  ${name}, ${stock} in stock`);
printFailures(creation.failed);

const [oolong, sencha] = creation.created;
if (!oolong || !sencha) throw new Error('The server has not created what was right.');

const { batchUpdateProducts: update } = await execute(Update, {
  updates: [
    { productId: oolong.id, data: { price: 1390 } },
    { productId: sencha.id, data: { name: ' ' } },
    { productId: nowhere, data: { price: 1390 } },
  ],
  options: PARTIAL,
});
console.log(`${update.stats.updated} of ${update.stats.total} updated: ${update.outcome}`);
for (const { name, price } of update.updated) console.log(`  ${name}, ${price} cents`);
for (const { index } of update.notFound) console.log(`  not found at updates.${index}`);
printFailures(update.failed);

await execute(Sell, { productId: sencha.id, quantity: -1 });

const { batchDeleteProducts: deletion } = await execute(Delete, {
  deletes: [{ productId: oolong.id }, { productId: sencha.id }, { productId: nowhere }],
  options: { ...PARTIAL, returnDeletedItems: true },
});
console.log(`${deletion.stats.deleted} of ${deletion.stats.total} deleted: ${deletion.outcome}`);
for (const { name } of deletion.deleted) console.log(`  ${name}`);
for (const { index } of deletion.notFound) console.log(`  not found at deletes.${index}`);
printFailures(deletion.failed);
