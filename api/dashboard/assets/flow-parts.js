// @ts-check
// What a flow's pages share: its status, how far it is, and what can be done with it.

import { call, flowPath } from "./api.js";
import { h, setAttribute, setText } from "./dom.js";
import { plural } from "./format.js";
import { ask, remark } from "./notices.js";
import { act, badge, setBadge } from "./parts.js";
import { may } from "./session.js";

/** @param {any} flow */
export function flowBadge(flow) {
  const node = badge("");
  setFlowBadge(node, flow);
  return node;
}

/** A flow's status in the colours of a job's. @param {HTMLElement} node @param {{status: string, phase: string}} flow */
export function setFlowBadge(node, { status, phase }) {
  setBadge(node, status === "running" ? "active" : status);
  // More exactly while it runs: `stopping`, `undoing`, `resetting`.
  setText(node, phase);
}

/** How many steps have ended, as a bar and in words. */
export function flowProgress() {
  const bar = h("progress", { max: 100, "aria-label": "Steps that have ended" });
  const text = h("span", { class: "note" });
  const node = h("div", { class: "progress" }, bar, text);
  /** @param {any} flow */
  function update(flow) {
    setAttribute(bar, "value", String(flow.progress));
    setText(text, said(flow));
  }
  return { node, update };
}

/** @param {any} flow */
function said({ total, open, failed, cancelled }) {
  const bad = [failed && `${failed} failed`, cancelled && `${cancelled} cancelled`].filter(Boolean);
  return [`${total - open} of ${plural(total, "step", "steps")} ended`, ...bad].join(", ");
}

/** The names of what may be done with a flow as it stands. @param {any} flow @returns {("cancel" | "retry")[]} */
export function flowActions({ status, phase, failed, cancelled }) {
  if (!may("jobs:write")) return [];
  if (status === "running") return phase === "running" ? ["cancel"] : [];
  return failed + cancelled > 0 ? ["retry"] : [];
}

/** @param {{id: string, name: string}} flow @param {"cancel" | "retry"} action @param {() => void} done called after it */
export function flowButton(flow, action, done) {
  const called = flow.name || flow.id;
  const [text, work] = action === "cancel" ? ["Cancel", cancel] : ["Retry what failed", retry];
  return h("button", {
    type: "button",
    class: action === "cancel" ? "danger" : null,
    text,
    "aria-label": `${text}: ${called}`,
    on: { click: act(() => work(flow.id, called), done) },
  });
}

/** @param {string} id @param {string} called */
async function cancel(id, called) {
  const question = `Cancel the flow ${called}? Nothing more is started, what waits is cancelled, and what runs is asked to end. What is done stays done.`;
  if (!(await ask(question, "Cancel the flow"))) return;
  const { value } = await call(flowPath(id), { method: "DELETE" });
  remark(value.status === "cancelled" ? `${called} is cancelled.` : `${called} is asked to end.`);
}

/** @param {string} id @param {string} called */
async function retry(id, called) {
  const question = `Run what has failed, was cancelled or undone in ${called} once more, as new jobs, and what comes after it? What has completed stays.`;
  if (!(await ask(question, "Run it again", { no: "Leave it" }))) return;
  await call(`${flowPath(id)}/retry`, { method: "POST" });
  remark(`${called} runs again.`);
}
