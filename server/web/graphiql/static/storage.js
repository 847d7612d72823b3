/**
 * The browser's storage without request headers, which may hold a password.
 *
 * GraphiQL's history stores the headers of every request, also with `shouldPersistHeaders: false`.
 */
const PREFIX = "graphiql:";
const HISTORY = ["queries", "favorites"].map((name) => PREFIX + name);

const withoutHeaders = (json) =>
  JSON.stringify(JSON.parse(json), (name, value) => (name === "headers" ? undefined : value));

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

export const storage = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) =>
    localStorage.setItem(key, HISTORY.includes(key) ? withoutHeaders(value) : value),
  removeItem: (key) => localStorage.removeItem(key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};
