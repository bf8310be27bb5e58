// @ts-check
// The steps of a flow from top to bottom: what may run side by side stands side by side, below what it comes after.

import { h, region } from "./dom.js";
import { flowLines } from "./flow-lines.js";
import { plural } from "./format.js";
import { list } from "./list.js";
import { badge, setBadge } from "./parts.js";
import { toJob } from "./router.js";

/** Names of steps that are told as what one comes after. */
const NAMED = 3;

/** @typedef {{level: number, steps: any[]}} Level */

export function flowSteps() {
  const levels = h("ol", { class: "levels" });
  const lines = flowLines(levels);
  /** @type {Map<number, HTMLElement>} */
  const nodes = new Map();
  const show = list(
    levels,
    (/** @type {Level} */ { level }) => String(level),
    () => levelItem(nodes),
  );
  const drawing = h("div", { class: "drawing" }, lines.node, levels);
  const node = h("section", { class: "card", "aria-label": "Steps" }, h("h2", { text: "Steps" }), drawing);

  /** @param {any[]} steps @param {boolean} whole whether these are all */
  function update(steps, whole) {
    const names = new Map(steps.map(({ place, name }) => [place, name]));
    const told = steps.map((step) => ({ ...step, behind: behind(step, names) }));
    show(whole ? inLevels(told) : [{ level: 0, steps: told }]);
    lines.draw(whole ? edges(steps, nodes) : []);
  }
  return { node, update, stop: lines.stop };
}

/**
 * Steps by how far down they are: one below the lowest of those that they come after.
 * @param {any[]} steps in the flow's order
 * @returns {Level[]}
 */
function inLevels(steps) {
  /** @type {Map<number, number>} */
  const found = new Map();
  /** @type {Level[]} */
  const levels = [];
  for (const step of steps) {
    const level = 1 + Math.max(-1, ...step.after.map((/** @type {number} */ place) => found.get(place) ?? -1));
    found.set(step.place, level);
    (levels[level] ??= { level, steps: [] }).steps.push(step);
  }
  return levels;
}

/** @param {any[]} steps @param {Map<number, HTMLElement>} nodes */
function edges(steps, nodes) {
  const statuses = new Map(steps.map(({ place, status }) => [place, status]));
  return steps.flatMap((step) =>
    step.after.map((/** @type {number} */ place) => ({
      from: nodes.get(place),
      to: nodes.get(step.place),
      status: statuses.get(place),
    })),
  );
}

/** What a step comes after, in words. @param {any} step @param {Map<number, string>} names */
function behind({ after, afterTotal }, names) {
  const known = after.flatMap((/** @type {number} */ place) => names.get(place) ?? []);
  if (afterTotal === 0) return "";
  if (afterTotal <= NAMED && known.length === afterTotal) return `after ${known.join(", ")}`;
  return `after ${plural(afterTotal, "step", "steps")}`;
}

/** @param {Map<number, HTMLElement>} nodes @returns {import("./list.js").Part<Level>} */
function levelItem(nodes) {
  const items = h("ul");
  const show = list(
    items,
    (/** @type {any} */ step) => String(step.place),
    (step) => {
      const part = stepItem();
      nodes.set(step.place, part.node);
      return part;
    },
  );
  return { node: h("li", {}, items), update: ({ steps }) => show(steps) };
}

/** @returns {import("./list.js").Part<any>} */
function stepItem() {
  const node = h("li", { class: "step" });
  const status = badge("");
  const render = region(node, (/** @type {any} */ step) => [
    h("p", { class: "row" }, status, h("span", { class: "hint", text: step.type })),
    step.jobId === null ? h("b", { text: step.name }) : h("a", { href: toJob(step.jobId), text: step.name }),
    step.behind && h("p", { class: "hint", text: step.behind }),
    step.error && h("p", { class: "message", text: step.error }),
    step.undone && h("p", { class: "hint", text: undone(step.undone) }),
  ]);
  return {
    node,
    update(step) {
      setBadge(status, step.status);
      node.setAttribute("data-status", step.status);
      render({ ...step, status: null });
    },
  };
}

/** @param {string} how */
const undone = (how) =>
  how === "completed" ? "undone" : `its undoing has ${how === "failed" ? "failed" : "been cancelled"}`;
