/** A batch that is followed to its end. */
import { useEffect, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { BATCH_DETAIL, BATCH_PROGRESS } from "../data/queries.js";
import { watch } from "../data/socket.js";
import { isRunning } from "./batches.js";
import { useLoaded } from "./hooks.js";

const WITHOUT_SOCKET = 5_000; // milliseconds between two looks at a batch, where a proxy lets no WebSocket through

/**
 * @typedef {import("../data/types.js").Batch} Batch
 * @typedef {import("../data/types.js").Options} Options
 * @typedef {Batch & { options: Options }} WholeBatch
 */

/**
 * Load a batch, and follow it to its end.
 *
 * @param {string} id
 */
export function useBatch(id) {
  const loaded = useLoaded(
    /** @returns {Promise<WholeBatch | null>} */ async () => (await ask(BATCH_DETAIL, { id })).batchOperation,
    [id],
    (batch) => {
      if (batch && isRunning(batch)) return WITHOUT_SOCKET;
      return batch?.publication?.pending ? 2_000 : 0;
    },
  );
  const [progress, setProgress] = useState(/** @type {Batch | undefined} */ (undefined));
  const follows = Boolean(loaded.data && isRunning(loaded.data));
  useEffect(() => {
    if (!follows) return undefined;
    return watch(BATCH_PROGRESS, { id }, (data) => setProgress(data.batchProgress), () => void loaded.reload());
  }, [id, follows]);
  const isNewer = follows && progress?.id === id && progress.processedItems >= (loaded.data?.processedItems ?? 0);
  return { ...loaded, data: loaded.data && isNewer ? { ...loaded.data, ...progress } : loaded.data };
}
