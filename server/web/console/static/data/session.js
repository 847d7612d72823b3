/** The API key of the person at this tab. The tab forgets it when it is closed; no other tab and no cookie has it. */
const KEPT = "stockbatch:key";

export const session = {
  /** @returns {string | null} */
  get key() {
    return sessionStorage.getItem(KEPT);
  },

  /** @param {string} key */
  keep(key) {
    sessionStorage.setItem(KEPT, key.trim());
  },

  forget() {
    sessionStorage.removeItem(KEPT);
  },

  /** @returns {Record<string, string>} the headers that say who asks */
  get headers() {
    const { key } = this;
    return key === null ? {} : { Authorization: `Bearer ${key}` };
  },
};
