/** Numbers, times and durations as people read them. */

const THIN = "\u202f"; // a narrow space that keeps a number on one line
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** @param {number} value */
export function number(value) {
  return WHOLE.format(value).replaceAll(",", THIN).replace("-", "\u2212");
}

/** @param {number} value with its sign */
export function change(value) {
  return value > 0 ? `+${number(value)}` : number(value);
}

/** @param {number} cents */
export function price(cents) {
  return `${number(Math.trunc(cents / 100))}.${String(cents % 100).padStart(2, "0")}`;
}

/** @param {number} share of 1 */
export function percent(share) {
  return `${share > 0 && share < 0.01 ? "<1" : Math.floor(share * 100)}%`;
}

/** @param {string} iso */
export function moment(iso) {
  return MOMENT.format(new Date(iso));
}

/** @param {string} iso the time of day if it is today, otherwise the date, too */
export function brief(iso) {
  const date = new Date(iso);
  return date.toDateString() === new Date().toDateString() ? CLOCK.format(date) : MOMENT.format(date);
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 1) return `${Math.round(milliseconds)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}
