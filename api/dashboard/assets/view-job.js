// @ts-check
// One job: how it stands, why it waits, its attempts, what it said, what it was given and what it gave.

import { attemptItem } from "./attempt.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { actionsFor, copyLink, jobButton, replayLink } from "./job-actions.js";
import { audit } from "./job-audit.js";
import { facts } from "./job-facts.js";
import { flowOf } from "./job-flow.js";
import { logs } from "./job-log.js";
import { readJob } from "./job-read.js";
import { failure, json, toClipboard } from "./job-texts.js";
import { veil } from "./job-veil.js";
import { waiting } from "./job-waiting.js";
import { list } from "./list.js";
import { badge, empty, loading, refusal, setBadge } from "./parts.js";
import { Poll } from "./poll.js";
import { toJobs } from "./router.js";
import { may } from "./session.js";

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function job({ rest: id }, shell) {
  const shown = card(id, () => poll.now());
  const node = h("section", {}, loading());
  const poll = new Poll({
    load: (signal) => readJob(id, signal),
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

/** @param {string} id @param {() => void} done called after an action */
function card(id, done) {
  const status = badge("");
  const type = h("a", { class: "type" });
  const name = h("h1", { class: "id" });
  const buttons = h("div", { class: "row" });
  const showButtons = region(buttons, (/** @type {any} */ job) => [
    ...wanted(job, true).map((/** @type {string} */ name) => jobButton(job, name, done)),
    ...(may("jobs:write") ? [replayLink(job), copyLink(job)] : []),
    ...wanted(job, false).map((/** @type {string} */ name) => jobButton(job, name, done)),
  ]);
  /** @type {any} */
  let last = null;
  const hidden = veil(() => update(last));
  const texts = [logs(), json("Result", "result"), json("Data", "data"), audit(id)];
  const parts = [progress(), waiting(), failure(), flowOf(), facts(), attempts(), ...texts];
  const cards = parts.map((part) => part.node);
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
  const node = h(
    "div",
    { class: "cards" },
    head,
    ...cards.slice(0, -texts.length),
    hidden.node,
    ...cards.slice(-texts.length),
  );

  /** @param {any} job */
  function update(job) {
    setBadge(status, job.status);
    setText(name, job.id);
    setText(type, job.type);
    setAttribute(type, "href", toJobs({ type: job.type }));
    showButtons({ id: job.id, type: job.type, status: job.status, actions: actionsFor(job) });
    last = job;
    const seen = hidden.through(job);
    for (const part of parts) part.update(seen);
  }
  return { node, update };
}

/** What comes before the links that make another job, and after them. @param {any} job @param {boolean} first */
const wanted = ({ actions }, first) =>
  actions.filter((/** @type {string} */ name) => ["retry", "cancel"].includes(name) === first);

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
