/** What a page shows: the answers to queries, which are asked again while somebody looks. */
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { toApiError } from "../data/errors.js";

/**
 * @template Data
 * @typedef {{
 *   data: Data | undefined, error: import("../data/errors.js").ApiError | undefined, reload: () => Promise<void>,
 * }} Loaded
 */

/**
 * Load something, again whenever `inputs` change, and again every so many milliseconds while the page is in sight. What
 * was loaded before stays until the new answer is there, unless the inputs have changed.
 *
 * @template Data
 * @param {() => Promise<Data>} load
 * @param {unknown[]} inputs
 * @param {(data: Data) => number} [every] milliseconds until it is loaded again; 0 for never
 * @returns {Loaded<Data>}
 */
export function useLoaded(load, inputs, every = () => 0) {
  const identity = JSON.stringify(inputs);
  const [state, setState] = useState(
    /** @type {{ identity: string, data?: Data, error?: import("../data/errors.js").ApiError }} */ ({ identity }),
  );
  const latest = useRef(load);
  latest.current = load;

  const reload = useCallback(async () => {
    try {
      const data = await latest.current();
      setState((now) => (now.identity === identity ? { identity, data } : now));
    } catch (error) {
      const failed = toApiError(error);
      setState((now) => (now.identity === identity ? { ...now, error: failed } : now));
    }
  }, [identity]);

  useEffect(() => {
    setState((now) => (now.identity === identity ? now : { identity }));
    void reload();
  }, [identity]);

  useEffect(() => {
    const retry = state.error?.isPassing ? 3_000 : 0;
    const pause = state.error ? retry : state.data === undefined ? 0 : every(state.data);
    if (!pause || state.identity !== identity) return undefined;
    let timer = 0;
    const again = () => (document.hidden ? (timer = setTimeout(again, 1_000)) : void reload());
    timer = setTimeout(again, pause);
    return () => clearTimeout(timer);
  }, [state]);

  const { data, error } = state.identity === identity ? state : { data: undefined, error: undefined };
  return { data, error, reload };
}

/**
 * Run something that a button asks for: once at a time, with its error.
 *
 * @returns {{ isBusy: boolean, error: import("../data/errors.js").ApiError | undefined,
 *   run: (action: () => Promise<unknown>) => Promise<void>, clear: () => void }}
 */
export function useAction() {
  const [state, setState] = useState(
    /** @type {{ isBusy: boolean, error?: import("../data/errors.js").ApiError }} */ ({ isBusy: false }),
  );
  const run = useCallback(async (/** @type {() => Promise<unknown>} */ action) => {
    setState({ isBusy: true });
    try {
      await action();
      setState({ isBusy: false });
    } catch (error) {
      setState({ isBusy: false, error: toApiError(error) });
    }
  }, []);
  return { isBusy: state.isBusy, error: state.error, run, clear: () => setState({ isBusy: false }) };
}

/**
 * Return a value that has not changed for a moment, as while somebody types.
 *
 * @template Value
 * @param {Value} value
 * @param {number} [milliseconds]
 * @returns {Value}
 */
export function useSettled(value, milliseconds = 250) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

/**
 * Walk through a list page by page.
 *
 * @param {unknown[]} inputs with which it begins again
 */
export function usePages(inputs) {
  const identity = JSON.stringify(inputs);
  const [state, setState] = useState({ identity, cursors: /** @type {string[]} */ ([]) });
  const cursors = state.identity === identity ? state.cursors : [];
  return {
    after: cursors.at(-1) ?? null,
    isFirst: cursors.length === 0,
    previous: () => setState({ identity, cursors: cursors.slice(0, -1) }),
    /** @param {string | null} cursor */
    next: (cursor) => setState({ identity, cursors: [...cursors, cursor ?? ""] }),
  };
}
