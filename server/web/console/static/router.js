/** Addresses of pages stand behind the #: the server has one page, and a proxy may put it anywhere. */
import { useEffect, useState } from "./vendor/preact.js";

/** @returns {string[]} the parts of the address: ["batches", "6921…"] */
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
}

/** @param {...string} parts */
export function href(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** @param {...string} parts */
export function go(...parts) {
  location.hash = href(...parts);
}
