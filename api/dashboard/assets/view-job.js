// @ts-check
// One job: how it stands, its attempts, what it said, what it was given and what it gave.

import { call, jobPath } from "./api.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { duration, moment, plural, pretty } from "./format.js";
import { list } from "./list.js";
import { remark } from "./notices.js";
import { badge, empty, loading, refusal, setBadge } from "./parts.js";
import { Poll } from "./poll.js";
import { attemptItem } from "./attempt.js";
import { actionsFor, copyLink, jobButton, replayLink } from "./job-actions.js";
import { toJob, toJobs } from "./router.js";
import { may } from "./session.js";

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function job({ rest: id }, shell) {
  const shown = card(() => poll.now());
  const node = h("section", {}, loading());
  const poll = new Poll({
    load: (signal) => call(jobPath(id), { signal }),
    show(job) {
      shown.update(job);
      swap(node, shown.node);
    },
    refused(problem) {
      node.replaceChildren(problem.status === 404 ? unknown(id) : refusal(problem));
      shell.refused(problem);
    },
  });
  return { node, title: id, start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {string} id */
const unknown = (id) =>
  empty(
    `There is no job ${id}.`,
    "Ids are exact, and jobs are removed some time after they have ended. ",
    h("a", { href: "#/jobs", text: "To all jobs" }),
  );

/** @param {() => void} done called after an action */
function card(done) {
  const status = badge("");
  const type = h("a", { class: "type" });
  const name = h("h1", { class: "id" });
  const buttons = h("div", { class: "row" });
  const showButtons = region(buttons, (/** @type {any} */ job) => [
    ...wanted(job, true).map((name) => jobButton(job, name, done)),
    ...(may("jobs:write") ? [replayLink(job), copyLink(job)] : []),
    ...wanted(job, false).map((name) => jobButton(job, name, done)),
  ]);
  const parts = [progress(), failure(), facts(), attempts(), logs(), json("Result", "result"), json("Data", "data")];
  const copy = h("button", {
    type: "button",
    class: "quiet",
    text: "Copy id",
    on: { click: () => toClipboard(name.textContent ?? "") },
  });
  const head = h(
    "div",
    { class: "heading" },
    h("div", { class: "title" }, h("p", { class: "row" }, status, type), h("div", { class: "row" }, name, copy)),
    buttons,
  );
  const node = h("div", {}, head, ...parts.map((part) => part.node));

  /** @param {any} job */
  function update(job) {
    setBadge(status, job.status);
    setText(name, job.id);
    setText(type, job.type);
    setAttribute(type, "href", toJobs({ type: job.type }));
    showButtons({ id: job.id, type: job.type, status: job.status, actions: actionsFor(job) });
    for (const part of parts) part.update(job);
  }
  return { node, update };
}

/** What comes before the links that make another job, and after them. @param {any} job @param {boolean} first */
const wanted = ({ actions }, first) =>
  actions.filter((/** @type {string} */ name) => ["retry", "cancel"].includes(name) === first);

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    remark("Copied.");
  } catch {
    remark("The browser did not let it be copied.", true);
  }
}

function progress() {
  const bar = h("progress", { max: 100, id: "progress", "aria-label": "Progress" });
  const text = h("span", { class: "note" });
  const node = h("div", { class: "progress" }, bar, text);
  const update = (/** @type {any} */ job) => {
    node.hidden = job.status !== "active";
    setAttribute(bar, "value", String(job.progress));
    setText(text, `${job.progress} %${job.note ? ` ${job.note}` : ""}`);
  };
  return { node, update };
}

function failure() {
  const node = h("section", { class: "card failure", "aria-label": "Error" });
  const render = region(node, (/** @type {any} */ error) =>
    error === null
      ? []
      : [
          h("h2", { text: error.type }),
          h("p", { class: "message", text: error.message }),
          error.traceback &&
            h("details", { open: true }, h("summary", { text: "Traceback" }), frame("Traceback", error.traceback)),
        ],
  );
  return { node, update: (/** @type {any} */ job) => render(job.status === "completed" ? null : job.error) };
}

/** A text that scrolls by itself, with the keyboard too. @param {string} label @param {string} text */
const frame = (label, text) => h("pre", { tabindex: 0, role: "region", "aria-label": label, text });

function facts() {
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
    ["Priority", String(job.priority)],
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

function attempts() {
  const items = h("ol", { class: "timeline" });
  const show = list(items, (/** @type {any} */ attempt) => String(attempt.attempt), attemptItem);
  const node = h("section", { class: "card", "aria-label": "Attempts" }, h("h2", { text: "Attempts" }), items);
  const update = (/** @type {any} */ job) => {
    node.hidden = job.history.length === 0;
    show(
      job.history.map((/** @type {any} */ attempt, /** @type {number} */ index) => ({
        ...attempt,
        before: job.history[index - 1]?.finishedAt ?? null,
      })),
    );
  };
  return { node, update };
}

function logs() {
  const title = h("h2", { text: "Log" });
  const lines = h("pre", { tabindex: 0, role: "region", "aria-label": "Log" });
  const node = h("section", { class: "card", "aria-label": "Log lines" }, title, lines);
  const update = (/** @type {any} */ job) => {
    node.hidden = job.logs.length === 0;
    setText(title, `Log, ${plural(job.logs.length, "line", "lines")}`);
    setText(lines, job.logs.join("\n"));
  };
  return { node, update };
}

/** @param {string} title @param {"data" | "result"} name */
function json(title, name) {
  const text = h("pre", { tabindex: 0, role: "region", "aria-label": title });
  const copy = h("button", {
    type: "button",
    class: "quiet",
    text: "Copy",
    "aria-label": `Copy ${name}`,
    on: { click: () => toClipboard(text.textContent ?? "") },
  });
  const node = h(
    "section",
    { class: "card", "aria-label": `${title} as JSON` },
    h("div", { class: "heading" }, h("h2", { text: title }), copy),
    text,
  );
  const update = (/** @type {any} */ job) => {
    node.hidden = name === "result" && job.status !== "completed";
    setText(text, pretty(job[name]));
  };
  return { node, update };
}
