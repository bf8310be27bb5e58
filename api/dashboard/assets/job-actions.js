// @ts-check
// What can be done with one job, as buttons: the question before it, the request, and what is said after it.

import { call, jobPath } from "./api.js";
import { h } from "./dom.js";
import { ask, remark } from "./notices.js";
import { act } from "./parts.js";
import { toJobs, toNew, toReplay } from "./router.js";
import { may } from "./session.js";

/**
 * @typedef {object} Action
 * @property {string} text
 * @property {string} method
 * @property {string} path below the job's
 * @property {boolean} [danger]
 * @property {(job: any) => string} [question] asked before it
 * @property {string} [yes] the question's answer
 * @property {(job: any, answer: any) => string} said
 * @property {() => void} [then] instead of a new look at the job: it is gone
 */

/** @type {Record<string, Action>} */
const ACTIONS = {
  retry: { text: "Retry", method: "POST", path: "/retry", said: ({ id }) => `${id} will run again.` },
  cancel: {
    text: "Cancel",
    method: "DELETE",
    path: "",
    danger: true,
    question: ({ id, type, status }) =>
      status === "active"
        ? `Cancel ${type} ${id}, which runs? It is asked to end, and stopped if it does not. It may complete before.`
        : `Cancel ${type} ${id}? It will not run.`,
    yes: "Cancel the job",
    said: ({ id }, answer) => (answer.status === "cancelled" ? `${id} is cancelled.` : `${id} is asked to end.`),
  },
  discard: {
    text: "Discard",
    method: "POST",
    path: "/discard",
    danger: true,
    question: ({ id, type }) => `Give ${type} ${id} up? It becomes cancelled, and its dead letter goes.`,
    yes: "Discard the job",
    said: ({ id }) => `${id} is given up.`,
  },
  delete: {
    text: "Delete",
    method: "DELETE",
    path: "/record",
    danger: true,
    question: ({ id, type }) => `Delete the record of ${type} ${id}, with its data and its result?`,
    yes: "Delete the record",
    said: ({ id }) => `${id} is deleted.`,
    then: () => (location.hash = toJobs({})),
  },
};

/** What may be done with a job in its status. @param {any} job @returns {string[]} */
export function actionsFor(job) {
  if (!may("jobs:write")) return [];
  if (["waiting", "delayed"].includes(job.status)) return ["cancel"];
  if (job.status === "active") return job.cancelRequestedAt ? [] : ["cancel"];
  return job.status === "failed" ? ["retry", "discard", "delete"] : ["delete"];
}

/** @param {any} job @param {string} name @param {() => void} done called after it, whatever became of it */
export function jobButton(job, name, done) {
  const { text, danger, then } = ACTIONS[name];
  let left = false;
  async function click() {
    if (!(await perform(job, ACTIONS[name])) || !then) return;
    left = true;
    then();
  }
  const props = { type: "button", class: danger ? "danger" : null, text, "aria-label": `${text} ${job.id}` };
  return h("button", { ...props, on: { click: act(click, () => left || done()) } });
}

/** Whether it has been done. @param {any} job @param {Action} action */
async function perform(job, { method, path, question, yes, said }) {
  if (question && !(await ask(question(job), yes ?? "Yes"))) return false;
  const answer = await call(jobPath(job.id) + path, { method });
  remark(said(job, answer.value));
  return true;
}

/** @param {any} job */
export const replayLink = (job) => h("a", { class: "button", href: toReplay(job.id), text: "Replay" });

/** @param {any} job */
export const copyLink = (job) =>
  h("a", { class: "button", href: toNew({ type: job.type, from: job.id }), text: "Copy as new" });
