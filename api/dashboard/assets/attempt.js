// @ts-check
// One attempt of a job as an item of its timeline.

import { h, region } from "./dom.js";
import { duration, moment } from "./format.js";

/** Outcomes that read as a status; the rest look like failures. @type {Record<string, string>} */
const LIKE = { completed: "completed", snoozed: "delayed", cancelled: "cancelled", interrupted: "waiting" };

/**
 * @param {any} attempt with `before`, the end of the one before it
 * @returns {import("./list.js").Part<any>}
 */
export function attemptItem(attempt) {
  const node = h("li");
  const render = region(node, (/** @type {any} */ now) => [
    h(
      "p",
      { class: "row" },
      h("b", { text: `Attempt ${now.attempt}` }),
      h("span", {
        class: "badge",
        "data-status": now.outcome === null ? "active" : (LIKE[now.outcome] ?? "failed"),
        text: now.outcome ?? "running",
      }),
      h("span", { class: "hint" }, moment(now.startedAt), `${took(now)}${waited(now)}`),
    ),
    now.error && said(now.error),
    now.worker && h("p", { class: "hint", text: `on ${now.worker}` }),
  ]);
  render(attempt);
  return { node, update: render };
}

/** @param {any} attempt */
function took({ startedAt, finishedAt }) {
  return finishedAt ? `, took ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}` : "";
}

/** @param {any} attempt */
function waited({ before, startedAt }) {
  return before ? `, ${duration(Math.max(0, Date.parse(startedAt) - Date.parse(before)))} after the one before` : "";
}

/** An error's first line, the rest on demand. @param {string} error */
function said(error) {
  const [first, ...rest] = error.split("\n");
  if (rest.length === 0) return h("p", { class: "message", text: error });
  return h(
    "details",
    {},
    h("summary", { class: "message", text: first }),
    h("pre", { tabindex: 0, role: "region", "aria-label": "Error", text: rest.join("\n") }),
  );
}
