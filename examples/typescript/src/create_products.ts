import { execute } from './execute.ts';
import { graphql } from './generated/index.ts';

const CreateProducts = graphql(`
  mutation CreateProducts($products: [CreateProductInput!]!, $options: BatchCreateOptions) {
    batchCreateProducts(products: $products, options: $options) {
      created {
        id
      }
      failed {
        error {
          message
        }
      }
    }
  }
`);

/** The ids of `count` new products, each with a stock of 10. They disappear after ten minutes. */
export async function createProducts(count: number): Promise<string[]> {
  const products = Array.from({ length: count }, (_, index) => ({
    name: `Example ${index}`,
    price: 1000,
    stock: 10,
    category: 'example',
  }));
  const { batchCreateProducts } = await execute(CreateProducts, {
    products,
    options: { expireIn: 10 * 60_000 },
  });

  const [failure] = batchCreateProducts.failed;
  if (failure) throw new Error(failure.error.message);
  return batchCreateProducts.created.map((product) => product.id);
}
