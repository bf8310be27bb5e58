// @ts-check
// The long-running workers: where each runs, what it works on, when it was last heard of, and whether it is stopping.

import { call } from "./api.js";
import { cleanerBeside } from "./cleaner.js";
import { h, region, setText, swap } from "./dom.js";
import { moment, number, setMoment } from "./format.js";
import { list } from "./list.js";
import { badge, code, empty, heading, loading, refusal, setBadge } from "./parts.js";
import { Poll } from "./poll.js";
import { toJob } from "./router.js";

/** What a worker is doing in the colours of a job's status. @type {Record<string, string>} */
const TONES = { working: "completed", draining: "delayed", silent: "failed" };

/**
 * @param {import("./router.js").Route} _
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function workers(_, shell) {
  const items = h("ul", { class: "letters" });
  const show = list(items, (/** @type {any} */ row) => row.name, workerCard);
  const place = h("div", {}, loading());
  const cleaner = cleanerBeside();
  const poll = new Poll({
    load(signal) {
      void cleaner.look();
      return call("/workers", { signal });
    },
    show({ workers }) {
      show(workers);
      const none = empty(
        "No long-running worker has been heard of.",
        "On AWS Lambda runs the jobs; elsewhere start ",
        code("jobyard work"),
        ".",
      );
      swap(place, workers.length ? items : none);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Workers"), place, cleaner.node);
  return { node, title: "Workers", start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {any} worker */
const stateOf = ({ silent, draining }) => (silent ? "silent" : draining ? "draining" : "working");

/** @param {any} worker @returns {import("./list.js").Part<any>} */
function workerCard(worker) {
  const status = badge("");
  const seen = moment(worker.seenAt);
  const running = h("b");
  const types = h("ul", { class: "chips", "aria-label": "Job types" });
  const show = list(
    types,
    (/** @type {any} */ row) => row.type,
    () => typeChip(),
  );
  const jobs = h("div");
  const showJobs = region(jobs, jobsOf);
  const node = h(
    "li",
    { class: "card worker" },
    h("div", { class: "heading" }, h("h2", { class: "id", text: worker.name }), status),
    h(
      "dl",
      { class: "facts" },
      fact("Host", hostOf(worker.name)),
      fact("Running", running),
      fact("Started", moment(worker.startedAt)),
      fact("Last heartbeat", seen),
    ),
    types,
    jobs,
  );
  return {
    node,
    update(now) {
      setBadge(status, TONES[stateOf(now)]);
      setText(status, stateOf(now));
      setText(running, `${number(now.running)} of ${number(now.capacity)}`);
      setMoment(seen, now.seenAt);
      show(now.types);
      showJobs({ jobs: now.jobs, others: now.running - now.jobs.length });
    },
  };
}

/** @param {string} name @param {Node | string} value */
const fact = (name, value) => h("div", {}, h("dt", { text: name }), h("dd", {}, value));

/** A worker is named HOST:PROCESS:CHARACTERS. @param {string} name */
const hostOf = (name) => name.split(":")[0];

/** @returns {import("./list.js").Part<any>} */
function typeChip() {
  const node = h("li");
  return {
    node,
    update: ({ type, running, capacity }) => {
      setText(node, running ? `${type}: ${number(running)} of ${number(capacity)}` : type);
    },
  };
}

/** @param {{jobs: any[], others: number}} running */
function jobsOf({ jobs, others }) {
  if (jobs.length === 0) return [];
  const items = jobs.map(({ id, type, attempt, startedAt }) =>
    h(
      "li",
      { class: "row" },
      h("a", { class: "id", href: toJob(id), text: id }),
      h("span", { class: "hint" }, `${type}, attempt ${attempt}, started `, moment(startedAt)),
    ),
  );
  const rest =
    others > 0 ? h("p", { class: "hint", text: `and ${number(others)} more, some perhaps of other tenants` }) : null;
  return [h("ul", { class: "running", "aria-label": "Jobs that run here" }, ...items), rest];
}
