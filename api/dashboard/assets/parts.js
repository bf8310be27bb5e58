// @ts-check
// Pieces that several views show: a status, a heading, an empty place, a refusal, what a button does.

import { Problem, Unreachable } from "./api.js";
import { h, setAttribute, setText } from "./dom.js";
import { remark } from "./notices.js";
import { capital } from "./poll.js";

/** In the order in which a job goes through them. */
export const STATUSES = ["waiting", "delayed", "active", "completed", "failed", "cancelled"];

/** @param {string} status */
export function badge(status) {
  const node = h("span", { class: "badge" });
  setBadge(node, status);
  return node;
}

/** @param {HTMLElement} node @param {string} status */
export function setBadge(node, status) {
  setAttribute(node, "data-status", status);
  setText(node, status);
}

/**
 * A view's heading with what belongs beside it.
 * @param {string} text
 * @param {...(Node | string | null)} beside
 */
export const heading = (text, ...beside) => h("div", { class: "heading" }, h("h1", { text }), ...beside);

/**
 * What stands where there is nothing: why, and what to do next.
 * @param {string} what
 * @param {...(Node | string | null)} next
 */
export const empty = (what, ...next) =>
  h("div", { class: "empty" }, h("p", { class: "what", text: what }), h("p", {}, ...next));

/** What stands until the first answer. */
export const loading = () => h("p", { class: "loading", role: "status", text: "Loading" });

/** @param {Problem} problem */
export const refusal = (problem) =>
  empty(`${capital(problem.message)}.`, h("a", { href: "#/", text: "To the overview" }));

/** @param {string} text */
export const code = (text) => h("code", { text });

/**
 * A table in a frame that scrolls by itself where it is too wide. Roles are written out: on a small screen CSS shows
 * rows as cards, which takes those that the elements have.
 * @param {string} label
 * @param {[string, string?][]} columns heading and class
 * @param {HTMLElement} body
 */
export function table(label, columns, body) {
  const heads = columns.map(([text, kind]) =>
    h("th", { scope: "col", role: "columnheader", class: kind ?? null, text }),
  );
  const head = h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...heads));
  body.setAttribute("role", "rowgroup");
  return h("div", { class: "frame" }, h("table", { role: "table", "aria-label": label }, head, body));
}

/**
 * A cell of such a table.
 * @param {string | null} kind its class
 * @param {...(Node | string | null)} children
 */
export const cell = (kind, ...children) => h("td", { role: "cell", class: kind }, ...children);

/**
 * A row of such a table.
 * @param {...(Node | null)} cells
 */
export const tableRow = (...cells) => h("tr", { role: "row" }, ...cells);

/**
 * A button's action: not twice at once, and what goes wrong is said.
 * @param {() => Promise<void>} work
 * @param {() => unknown} done called whatever became of it
 */
export function act(work, done) {
  return async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      remark(`${capital(error.message)}.`, true);
    } finally {
      button.disabled = false;
      done();
    }
  };
}
