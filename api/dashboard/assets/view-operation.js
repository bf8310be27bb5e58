// @ts-check
// An operation on many jobs: how far it is, and calling it off. Whoever began it may close the page; it goes on.

import { call } from "./api.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { moment, number, plural } from "./format.js";
import { ask, remark } from "./notices.js";
import { act, badge, empty, heading, loading, refusal, setBadge } from "./parts.js";
import { Poll } from "./poll.js";
import { toDead, toJobs } from "./router.js";
import { may } from "./session.js";

/** What operations are called, by the API's word. @type {Record<string, string>} */
const NAMES = { retry: "Retry of failed jobs", discard: "Discarding of failed jobs", purge: "Purge of a queue" };
/** An operation's status in the colours of a job's. @type {Record<string, string>} */
const TONES = { running: "active", done: "completed", cancelled: "cancelled" };

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function operation({ rest: id, parameters }, shell) {
  const shown = card(Number(parameters.get("of") ?? 0), parameters.get("exact") !== "false", () => poll.now());
  const place = h("div", {}, loading());
  const path = `/operations/${encodeURIComponent(id)}`;
  const poll = new Poll({
    load: (signal) => call(path, { signal }),
    show(value) {
      shown.update(value);
      swap(place, shown.node);
    },
    refused(problem) {
      const gone = empty(`There is no operation ${id}.`, "Those that have ended are forgotten after a week.");
      place.replaceChildren(problem.status === 404 ? gone : refusal(problem));
      shell.refused(problem);
    },
  });
  return { node: h("section", {}, place), title: "Operation", start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {number} expected @param {boolean} exact @param {() => void} done */
function card(expected, exact, done) {
  const title = heading("");
  const status = badge("");
  const bar = h("progress", { "aria-label": "Progress" });
  const text = h("span", { class: "note", role: "status" });
  const buttons = h("div", { class: "row" });
  const showButtons = region(buttons, (/** @type {{id: string, running: boolean}} */ { id, running }) => [
    running && may("jobs:write") ? callOffButton(id, done) : null,
  ]);
  const facts = h("dl", { class: "card facts" });
  const showFacts = region(facts, (/** @type {[string, any][]} */ rows) =>
    rows.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", {}, shownAs(value)))),
  );
  const more = h("p", { class: "row" });
  const showMore = region(more, linksOf);
  title.append(buttons);
  const head = h("p", { class: "row" }, status);
  const node = h("div", {}, title, head, h("div", { class: "progress" }, bar, text), facts, more);

  /** @param {any} now */
  function update(now) {
    const running = now.status === "running";
    setText(/** @type {Element} */ (title.firstElementChild), NAMES[now.action] ?? now.action);
    setBadge(status, TONES[now.status] ?? now.status);
    setText(status, now.status);
    const total = Math.max(expected, now.done);
    bar.hidden = running && expected === 0;
    setAttribute(bar, "max", String(running ? Math.max(total, 1) : 1));
    setAttribute(bar, "value", String(running ? now.done : 1));
    setText(text, said(now, running && expected > 0 ? `${number(total, exact)}` : null));
    showButtons({ id: now.id, running });
    showFacts(factsOf(now));
    showMore({ action: now.action, type: now.filter.type });
  }
  return { node, update };
}

/** @param {any} now @param {string | null} total */
function said({ done, examined }, total) {
  const jobs = total === null ? plural(done, "job", "jobs") : `${number(done)} of ${total} jobs`;
  return `${jobs} done, ${number(examined)} looked at`;
}

/** @param {string | {at: string}} value */
const shownAs = (value) => (typeof value === "string" ? value : moment(value.at));

/** @param {any} now @returns {[string, any][]} */
function factsOf({ filter, rate, tenants, tenant, createdAt, createdBy, endedAt }) {
  /** @type {[string, any][]} */
  const rows = [
    ["Type", filter.type ?? "all types"],
    ["Tenants", tenants === "all" ? "all" : tenant],
    ["Begun", { at: createdAt }],
  ];
  if (createdBy) rows.push(["By", createdBy]);
  if (endedAt) rows.push(["Ended", { at: endedAt }]);
  if (rate) rows.push(["At most", `${number(rate)} a second`]);
  if (filter.error) rows.push(["Error", filter.error]);
  if (filter.failedAfter) rows.push(["Failed after", { at: filter.failedAfter }]);
  if (filter.failedBefore) rows.push(["Failed before", { at: filter.failedBefore }]);
  if (filter.tags.length) rows.push(["Tags", filter.tags.join(", ")]);
  return rows;
}

/** @param {{action: string, type: string | null}} now */
function linksOf({ action, type }) {
  const jobs = h("a", { class: "button", href: toJobs({ type }), text: "To the jobs" });
  if (action === "purge") return [h("a", { class: "button", href: "#/queues", text: "To the queues" }), jobs];
  return [h("a", { class: "button", href: type ? toDead(type) : "#/dead", text: "To the dead letters" }), jobs];
}

/** @param {string} id @param {() => void} done */
function callOffButton(id, done) {
  async function callOff() {
    if (!(await ask("Call it off? What it has done stays done.", "Call it off", { no: "Let it go on" }))) return;
    const answer = await call(`/operations/${encodeURIComponent(id)}`, { method: "DELETE" });
    remark(answer.value.status === "cancelled" ? "It is called off." : "It had ended before.");
  }
  return h("button", { type: "button", class: "danger", text: "Call off", on: { click: act(callOff, done) } });
}
