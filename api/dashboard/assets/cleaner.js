// @ts-check
// The cleaner's last runs: when, how they ended, and what they removed.

import { call, Problem, Unreachable } from "./api.js";
import { h, region } from "./dom.js";
import { duration, moment, plural, serverNow } from "./format.js";
import { badge, setBadge } from "./parts.js";

/** Runs that are shown; there is one an hour. */
const SHOWN = 5;
/** Milliseconds between two looks beside something else. */
const SELDOM = 60_000;
/** How a run ended in the colours of a job's status. @type {Record<string, string>} */
const TONES = {
  running: "active",
  done: "completed",
  cut: "delayed",
  "taken-over": "cancelled",
  failed: "failed",
  lost: "failed",
};

/** Its runs beside something else that is looked at: asked for once a minute, and silent about a server that is away. */
export function cleanerBeside() {
  const items = h("ul", { class: "running", "aria-label": "Runs of the cleaner" });
  const render = region(items, (/** @type {any[]} */ runs) => runs.map(line));
  const heading = h("h2", { text: "Cleaner" });
  const hint = h("p", { class: "hint", text: "It removes ended jobs that are too many or too old, for every tenant." });
  const node = h("div", { class: "card", hidden: true }, heading, hint, items);
  let last = -Infinity;
  async function look() {
    if (serverNow() - last < SELDOM) return;
    last = serverNow();
    try {
      const { runs } = (await call(`/health/cleaner?limit=${SHOWN}`)).value;
      node.hidden = runs.length === 0;
      render(runs);
    } catch (error) {
      // What it stands beside says so.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  }
  return { node, look };
}

/** @param {any} run */
function line({ begunAt, end, duration: took, overCount, overdue, byHand, by, error, skipped, trouble }) {
  const status = badge("");
  setBadge(status, TONES[end] ?? end);
  status.textContent = end;
  const known = took !== null;
  const words = [
    known ? `${plural(overCount + overdue, "job", "jobs")} removed in ${duration(took)}` : null,
    byHand ? "by hand" : null,
    by,
    skipped ? `${plural(skipped, "part", "parts")} left to the next run` : null,
    error ?? trouble,
  ];
  const told = `, ${words.filter((word) => word !== null).join(", ")}`;
  return h("li", { class: "row" }, status, h("span", { class: "hint" }, moment(begunAt), told));
}
