// @ts-check
// Times, durations and JSON as people read them.

import { h, setAttribute, setText } from "./dom.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds by which the server's clock is ahead of this machine's. */
let ahead = 0;

/**
 * Learns the server's time from an answer's Date, which has whole seconds.
 * @param {string | null} date
 */
export function heardDate(date) {
  const off = date === null ? NaN : Date.parse(date) - Date.now();
  if (!Number.isNaN(off)) ahead = Math.abs(off) > 2 * SECOND ? off : 0;
}

/** The server's time in epoch milliseconds. */
export const serverNow = () => Date.now() + ahead;

/**
 * "340 ms", "4.2 s", "3 min 5 s", "2 h 10 min", "5 d 3 h".
 * @param {number} ms
 */
export function duration(ms) {
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${Math.round(ms / 100) / 10} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return two(ms, MINUTE, "min", SECOND, "s");
  if (ms < DAY) return two(ms, HOUR, "h", MINUTE, "min");
  return two(ms, DAY, "d", HOUR, "h");
}

/** @param {number} ms @param {number} large @param {string} name @param {number} small @param {string} rest */
function two(ms, large, name, small, rest) {
  const left = Math.floor((ms % large) / small);
  return left === 0 ? `${Math.floor(ms / large)} ${name}` : `${Math.floor(ms / large)} ${name} ${left} ${rest}`;
}

/**
 * "now", "12 s ago", "in 3 min".
 * @param {number} at epoch milliseconds
 * @param {number} now
 */
export function relative(at, now) {
  const away = Math.abs(now - at);
  if (away < SECOND) return "now";
  const [size, name] =
    away < MINUTE ? [SECOND, "s"] : away < HOUR ? [MINUTE, "min"] : away < DAY ? [HOUR, "h"] : [DAY, "d"];
  const text = `${Math.floor(away / Number(size))} ${name}`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/**
 * A moment, as far away as it is; the exact time is its title. `tick` keeps it right.
 * @param {string} iso
 */
export function moment(iso) {
  const node = h("time");
  setMoment(node, iso);
  return node;
}

/** @param {HTMLTimeElement} node @param {string} iso */
export function setMoment(node, iso) {
  setAttribute(node, "datetime", iso);
  setAttribute(node, "title", `${iso.replace("T", " ").replace("Z", "")} UTC`);
  setText(node, relative(Date.parse(iso), serverNow()));
}

/** Brings the moments on the page up to date. */
export function tick() {
  const now = serverNow();
  for (const node of document.querySelectorAll("time")) setText(node, relative(Date.parse(node.dateTime), now));
}

/** @param {unknown} value */
export const pretty = (value) => JSON.stringify(value, null, 2) ?? "";

/** @param {number} count @param {boolean} exact */
export const number = (count, exact = true) => `${exact ? "" : "≥ "}${count.toLocaleString("en")}`;

/** @param {number} count @param {string} one @param {string} many */
export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
