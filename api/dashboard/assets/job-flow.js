// @ts-check
// The flow of which a job is a step, and its place in it.

import { h, region } from "./dom.js";
import { plural } from "./format.js";
import { flowBadge } from "./flow-parts.js";
import { toFlow } from "./router.js";

/** A card for a job that is part of a flow; hidden for any other. */
export function flowOf() {
  const node = h("section", { class: "card", "aria-label": "Flow" });
  const render = region(node, (/** @type {any} */ job) => (job === null ? [] : told(job)));
  const update = (/** @type {any} */ { id, flowId, flow }) => render(flowId ? { id, flowId, flow } : null);
  return { node, update };
}

/** @param {{id: string, flowId: string, flow: any}} job */
function told({ id, flowId, flow }) {
  const link = h("a", { href: toFlow(flowId), text: flow?.name || flowId });
  const title = h("h2", { text: "Flow" });
  if (flow === null) return [title, h("p", {}, ...place(id, flowId), link, ", which is forgotten.")];
  const ended = `${flow.total - flow.open} of ${plural(flow.total, "step has", "steps have")} ended.`;
  return [
    title,
    h("p", { class: "row" }, h("span", {}, ...place(id, flowId), link), flowBadge(flow)),
    h("p", { class: "hint", text: ended }),
  ];
}

/**
 * A step's job is named after it: FLOW:STEP, FLOW:STEP:undo, and in later rounds with their number at the end.
 * @param {string} id
 * @param {string} flowId
 * @returns {(Node | string)[]}
 */
function place(id, flowId) {
  const [step, ...more] = id.slice(flowId.length + 1).split(":");
  const round = more.find((word) => /^\d+$/.test(word));
  const what = more.includes("undo") ? "Undoes the step " : "The step ";
  return [what, h("b", { text: step }), round ? `, in round ${round},` : "", " of "];
}
