// @ts-check
// Whether jobs can be taken, and the depths of the queues: everybody's, as SQS counts, for a token with scope admin, which
// may pause and purge them too.

import { call } from "./api.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { number } from "./format.js";
import { checkHealth, health } from "./health.js";
import { list } from "./list.js";
import { ask, remark } from "./notices.js";
import { act, badge, cell, heading, loading, refusal, table, tableRow } from "./parts.js";
import { Poll } from "./poll.js";
import { toDead, toOperation } from "./router.js";
import { may } from "./session.js";

/** Columns of a queue's numbers: the API's name, and ours. @type {[string, string][]} */
const NUMBERS = [
  ["waiting", "waiting"],
  ["delayed", "delayed"],
  ["active", "active"],
  ["completed", "completed"],
  ["failed", "failed"],
  ["deadLetters", "dead letters"],
];

/**
 * @param {import("./router.js").Route} _
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function queues(_, shell) {
  const found = health();
  const body = h("tbody");
  const rows = list(
    body,
    (/** @type {any} */ row) => row.name,
    () => queueRow(() => poll.now()),
  );
  const whose = h("p", { class: "hint" });
  const columns = /** @type {[string, string?][]} */ ([["Queue"], ...NUMBERS.map(([, text]) => [text, "count"])]);
  if (may("admin")) columns.push(["Actions", "acts"]);
  const shown = h("div", { class: "queues" }, table("Queues", columns, body), whose);
  const place = h("div", {}, loading());
  const poll = new Poll({
    load: checkHealth,
    show(check) {
      found.update(check);
      if (!check.metrics) return;
      rows(check.metrics);
      setText(whose, note(check.metrics));
      swap(place, shown);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Queues", found.word), found.node, place);
  return { node, title: "Queues", start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {any[]} rows */
function note(rows) {
  const all = rows.some((row) => row.tenants === "all");
  const whose = all
    ? "Over all tenants. Waiting, delayed, active and dead letters are messages as SQS counts them, approximately: a job that waits for its retry is in flight."
    : "Your tenant's jobs.";
  return rows.every((row) => row.exact) ? whose : `${whose} Numbers with ≥ are lower bounds.`;
}

/** @param {() => void} done @returns {import("./list.js").Part<any>} */
function queueRow(done) {
  const text = h("span");
  const paused = badge("delayed");
  setText(paused, "paused");
  const name = h("th", { scope: "row", role: "rowheader" }, h("div", { class: "row" }, text, paused));
  const cells = NUMBERS.map(([field]) => ({ field, place: cell("count") }));
  const dead = h("a");
  cells[cells.length - 1].place.append(dead);
  const acts = h("div", { class: "row end" });
  const showActs = region(acts, (/** @type {{name: string, paused: boolean}} */ row) => [
    toggle(row, done),
    purgeButton(row.name, done),
  ]);
  const node = tableRow(name, ...cells.map(({ place }) => place), may("admin") ? cell("acts", acts) : null);
  return {
    node,
    update(row) {
      setText(text, row.name);
      paused.hidden = !row.paused;
      showActs({ name: row.name, paused: row.paused });
      setAttribute(dead, "href", toDead(row.name));
      for (const { field, place } of cells) {
        setText(field === "deadLetters" ? dead : place, number(row[field], row.exact || field === "deadLetters"));
        place.classList.toggle("zero", row[field] === 0);
      }
    },
  };
}

/** @param {string} name */
const queuePath = (name) => `/queues/${encodeURIComponent(name)}`;

/** @param {{name: string, paused: boolean}} row @param {() => void} done */
function toggle({ name, paused }, done) {
  const [text, verb, said] = paused ? ["Resume", "resume", "is at work again"] : ["Pause", "pause", "is paused"];
  async function change() {
    await call(`${queuePath(name)}/${verb}`, { method: "POST" });
    remark(`${name} ${said}, for all tenants.`);
  }
  return h("button", { type: "button", text, "aria-label": `${text} ${name}`, on: { click: act(change, done) } });
}

/** @param {string} name @param {() => void} done */
function purgeButton(name, done) {
  async function purge() {
    const question = `Cancel all jobs of ${name} that wait, of every tenant? What runs, and dead letters, stay.`;
    if (!(await ask(question, "Purge the queue", { no: "Leave it", word: name }))) return;
    const answer = await call(queuePath(name), { method: "DELETE", body: { confirm: name } });
    location.hash = toOperation(answer.value.id, { matched: 0, exact: false });
  }
  const props = { type: "button", class: "danger", text: "Purge", "aria-label": `Purge ${name}` };
  return h("button", { ...props, on: { click: act(purge, done) } });
}
