// Submits a small batch over REST and polls it until it has ended. Needs Node 20 and nothing else:
//
//     make run                                             in one terminal
//     node examples/poll_batch.js http://127.0.0.1:8000    in another one
//
// The first three products of a new server get a new price; the last id is one that no product has.

const base = (process.argv[2] ?? 'http://127.0.0.1:8000').replace(/\/$/, '');
const productIds = [
  '000000000000000000000001',
  '000000000000000000000002',
  '000000000000000000000003',
  'ffffffffffffffffffffffff',
];
const newPrice = 1500; // whole cents

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function submit() {
  const response = await fetch(`${base}/api/batches/batch-update-price`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ productIds, newPrice }),
  });
  const answer = await response.json();
  if (response.status !== 201) throw new Error(JSON.stringify(answer.error));
  return answer;
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
