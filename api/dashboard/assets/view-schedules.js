// @ts-check
// The schedules: when each makes a job next, what became of the last one; pause, resume, run now.

import { call, query } from "./api.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { moment } from "./format.js";
import { list } from "./list.js";
import { remark } from "./notices.js";
import { act, badge, cell, code, empty, heading, loading, refusal, setBadge, table, tableRow } from "./parts.js";
import { Poll } from "./poll.js";
import { toJob, toJobs } from "./router.js";
import { may } from "./session.js";

/** Schedules of one page. */
const LIMIT = "50";
/** A schedule's status in the colours of a job's. @type {Record<string, string>} */
const TONES = { active: "completed", paused: "delayed", ended: "cancelled" };

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function schedules({ parameters }, shell) {
  const cursor = parameters.get("cursor");
  const body = h("tbody");
  const rows = list(
    body,
    (/** @type {any} */ row) => row.name,
    () => scheduleRow(() => poll.now()),
  );
  /** @type {[string, string?][]} */
  const columns = [["Status"], ["Schedule"], ["Next", "when"], ["Last run"], ["Actions", "acts"]];
  const frame = table("Schedules", columns, body);
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {string | null} */ next) => [
    cursor ? h("a", { class: "button", href: "#/schedules", text: "First" }) : null,
    next ? h("a", { class: "button", href: `#/schedules${query({ cursor: next })}`, text: "More" }) : null,
  ]);
  const place = h("div", { class: "schedules" }, loading());
  const poll = new Poll({
    load: (signal) => call(`/schedules${query({ cursor, limit: LIMIT })}`, { signal }),
    show(page) {
      rows(page.schedules);
      swap(place, page.schedules.length ? frame : none());
      paging(page.cursor);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Schedules"), place, pages);
  return { node, title: "Schedules", start: () => poll.start(), stop: () => poll.stop() };
}

const none = () =>
  empty(
    "No schedules yet.",
    "Declare one with ",
    code("@job(schedule=...)"),
    ", or make one with ",
    code("jobyard schedules create"),
    ".",
  );

/** @param {() => void} done @returns {import("./list.js").Part<any>} */
function scheduleRow(done) {
  const status = badge("");
  const name = h("b", { class: "id" });
  const type = h("a", { class: "type" });
  const words = h("span", { class: "hint" });
  const wrong = h("p", { class: "message" });
  const next = h("div");
  const showNext = region(next, (/** @type {string | null} */ at) => [at === null ? "–" : moment(at)]);
  const last = h("div", { class: "row" });
  const showLast = region(last, (/** @type {any} */ run) => (run === null ? ["none yet"] : lastRun(run)));
  const acts = h("div", { class: "row end" });
  const showActs = region(acts, (/** @type {{name: string, status: string} | null} */ row) =>
    row === null ? [""] : buttons(row, done),
  );
  const about = cell("about", name, h("div", { class: "line" }, type, words), wrong);
  const node = tableRow(cell(null, status), about, cell("when", next), cell("last", last), cell("acts", acts));
  return {
    node,
    update(row) {
      setBadge(status, TONES[row.status] ?? row.status);
      setText(status, row.status);
      setText(name, row.name);
      setText(type, row.type);
      setAttribute(type, "href", toJobs({ type: row.type }));
      setText(words, row.description);
      setAttribute(words, "title", row.schedule);
      setText(wrong, row.error ?? "");
      wrong.hidden = !row.error;
      showNext(row.nextRuns[0] ?? null);
      showLast(row.lastRun);
      showActs(may("jobs:write") ? { name: row.name, status: row.status } : null);
    },
  };
}

/** @param {any} run */
function lastRun({ jobId, status, createdAt }) {
  const link = h("a", { href: toJob(jobId), title: jobId }, createdAt ? moment(createdAt) : "removed since");
  return status ? [badge(status), link] : [link];
}

/** @param {{name: string, status: string}} row @param {() => void} done */
function buttons({ name, status }, done) {
  const run = button("Run now", name, done, async (path) => {
    const answer = await call(`${path}/run`, { method: "POST" });
    remark(`${answer.value.id} is enqueued.`);
  });
  if (status === "ended") return [run];
  const [text, verb, said] = status === "paused" ? ["Resume", "resume", "goes on"] : ["Pause", "pause", "is paused"];
  const toggle = button(text, name, done, async (path) => {
    await call(`${path}/${verb}`, { method: "POST" });
    remark(`${name} ${said}.`);
  });
  return [run, toggle];
}

/** @param {string} text @param {string} name @param {() => void} done @param {(path: string) => Promise<void>} work */
const button = (text, name, done, work) =>
  h("button", {
    type: "button",
    text,
    "aria-label": `${text} ${name}`,
    on: { click: act(() => work(`/schedules/${encodeURIComponent(name)}`), done) },
  });
