// @ts-check
// What there is to say of a job in a word each: its times, its limits, where it comes from.

import { h, region } from "./dom.js";
import { duration, moment } from "./format.js";
import { toJob } from "./router.js";

export function facts() {
  const node = h("dl", { class: "card facts" });
  const render = region(node, (/** @type {[string, any][]} */ rows) => rows.map(([name, value]) => fact(name, value)));
  return { node, update: (/** @type {any} */ job) => render(factsOf(job)) };
}

/** @param {string} name @param {string | {at: string} | {job: string}} value a text, or {at} for a time, {job} for a link */
const fact = (name, value) => h("div", {}, h("dt", { text: name }), h("dd", {}, shownAs(value)));

/** @param {string | {at: string} | {job: string}} value */
function shownAs(value) {
  if (typeof value === "string") return value;
  return "at" in value ? moment(value.at) : h("a", { class: "id", href: toJob(value.job), text: value.job });
}

/** @param {any} job @returns {[string, any][]} */
function factsOf(job) {
  const waits = ["waiting", "delayed"].includes(job.status);
  /** @type {[string, any][]} */
  const rows = [
    ["Attempts", `${job.attempts} of ${job.maxAttempts}`],
    ["Created", { at: job.createdAt }],
  ];
  if (waits) rows.push([job.attempts ? "Next attempt" : "Not before", { at: job.runAt }]);
  if (job.startedAt) rows.push(["Started", { at: job.startedAt }]);
  if (job.finishedAt) rows.push(["Finished", { at: job.finishedAt }]);
  if (job.startedAt && job.finishedAt)
    rows.push(["Took", duration(Date.parse(job.finishedAt) - Date.parse(job.startedAt))]);
  if (job.expiresAt) rows.push(["Must start by", { at: job.expiresAt }]);
  if (job.deadlineAt) rows.push(["Must end by", { at: job.deadlineAt }]);
  if (job.cancelRequestedAt) rows.push(["Cancel asked", { at: job.cancelRequestedAt }]);
  if (job.cancelRequestedBy) rows.push(["Asked by", job.cancelRequestedBy]);
  if (job.replayOf) rows.push(["Replay of", { job: job.replayOf }]);
  rows.push(
    ["Time limit", duration(job.timeout)],
    ["Retries", backoff(job.backoff)],
    ["Priority", job.level ? `${job.priority}, level ${job.level}` : String(job.priority)],
  );
  if (job.tags.length) rows.push(["Tags", job.tags.join(", ")]);
  return rows;
}

/** @param {any} backoff */
function backoff({ type, delay, factor, cap }) {
  if (type === "fixed") return `each after ${duration(delay)}`;
  const growth = type === "linear" ? "growing evenly" : `growing by ${factor}`;
  return `after ${duration(delay)}, ${growth} up to ${duration(cap)}`;
}
