// Submits a small batch over REST and polls it until it has ended. Needs Node 20 and nothing else:
//
//     make run                                             in one terminal
//     node examples/poll_batch.js http://127.0.0.1:8000    in another one
//
// It creates three products of its own, which disappear after ten minutes, and gives them a new price. The last
// id belongs to no product.

const base = (process.argv[2] ?? 'http://127.0.0.1:8000').replace(/\/$/, '');
const newPrice = 1500; // whole cents

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function post(path, body) {
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok || answer.errors) throw new Error(JSON.stringify(answer.error ?? answer.errors));
  return answer;
}

async function createProducts() {
  const query = `mutation ($products: [CreateProductInput!]!) {
    batchCreateProducts(products: $products, options: { expireIn: 600000 }) { created { id } }
  }`;
  const products = ['Pencil', 'Pen', 'Eraser'].map((name) => ({ name, price: 990, stock: 10, category: 'poll' }));
  const { data } = await post('/graphql', { query, variables: { products } });
  return data.batchCreateProducts.created.map((product) => product.id);
}

async function submit() {
  const productIds = [...(await createProducts()), 'ffffffffffffffffffffffff'];
  return post('/api/batches/batch-update-price', { productIds, newPrice });
}

async function pollBatchStatus(batchId, maxPolls = 300, interval = 2000) {
  let polls = 0;

  while (polls < maxPolls) {
    const batch = await fetch(`${base}/api/batches/${batchId}`).then(r => r.json());

    console.log(`[${polls}] Status: ${batch.status}`);
    console.log(`Progress: ${batch.successCount + batch.failureCount}/${batch.totalItems}`);

    if (['completed', 'failed'].includes(batch.status)) {
      console.log(`Final: ${batch.successCount} succeeded, ${batch.failureCount} failed`);
      return batch;
    }

    await sleep(interval);
    polls++;
  }

  throw new Error('Polling timeout - batch still pending');
}

async function main() {
  const { message, batchId, status, totalItems } = await submit();
  console.log(`${message}: ${batchId}, ${status}, ${totalItems} items`);
  await pollBatchStatus(batchId);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
