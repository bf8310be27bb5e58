// @ts-check
// What is wrong, if anything is, and how many jobs stand where, in all and by type; each number leads to its jobs.

import { call } from "./api.js";
import { h, setAttribute, setText, swap } from "./dom.js";
import { number } from "./format.js";
import { healthBeside } from "./health.js";
import { list } from "./list.js";
import { cell, code, empty, heading, loading, refusal, STATUSES, table, tableRow } from "./parts.js";
import { Poll } from "./poll.js";
import { toJobs } from "./router.js";

/**
 * @param {import("./router.js").Route} _
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function overview(_, shell) {
  const place = h("div", {}, loading());
  const shown = numbers();
  const beside = healthBeside();
  const poll = new Poll({
    load(signal) {
      void beside.look();
      return call("/stats", { signal });
    },
    show(stats) {
      shown.update(stats);
      swap(place, shown.node);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Overview", beside.word), beside.node, place);
  return { node, title: "Overview", start: () => poll.start(), stop: () => poll.stop() };
}

function numbers() {
  const tiles = STATUSES.map((status) => tile(status));
  const body = h("tbody");
  const rows = list(body, (/** @type {any} */ row) => row.type, typeRow);
  const bounds = h("p", {
    class: "hint",
    hidden: true,
    text: "There are more jobs than are counted: numbers with ≥ are lower bounds.",
  });
  const none = empty(
    "No jobs yet.",
    "Make one with ",
    h("a", { href: "#/new", text: "New job" }),
    ", or in a terminal with ",
    code("jobyard enqueue"),
    ".",
  );
  const columns = [["Type"], ...STATUSES.map((status) => [status, "count"]), ["failure rate", "count"]];
  const byType = table("Jobs by type and status", /** @type {[string, string?][]} */ (columns), body);
  const node = h("div", {}, h("div", { class: "tiles" }, ...tiles.map((one) => one.node)), none, byType, bounds);

  /** @param {any} stats */
  function update(stats) {
    for (const one of tiles) one.update(stats);
    rows(stats.types);
    bounds.hidden = stats.exact;
    none.hidden = stats.total > 0;
  }
  return { node, update };
}

/** @param {string} status */
function tile(status) {
  const count = h("b");
  const node = h(
    "a",
    { class: "tile", href: toJobs({ status }), "data-status": status },
    count,
    h("span", { text: status }),
  );
  return { node, update: (/** @type {any} */ stats) => setText(count, number(stats.counts[status], stats.exact)) };
}

/** @param {any} row @returns {import("./list.js").Part<any>} */
function typeRow(row) {
  const cells = STATUSES.map((status) => {
    const link = h("a", { href: toJobs({ type: row.type, status }) });
    return { status, link };
  });
  const rate = cell("count");
  const name = h(
    "th",
    { scope: "row", role: "rowheader" },
    h("a", { href: toJobs({ type: row.type }), text: row.type }),
  );
  const node = tableRow(name, ...cells.map((one) => cell("count", one.link)), rate);

  /** @param {any} row */
  function update(row) {
    for (const { status, link } of cells) {
      const count = row.counts[status];
      setText(link, number(count, row.exact));
      setAttribute(link, "aria-label", `${number(count, row.exact)} ${status}`);
      setAttribute(link, "data-status", count > 0 ? status : null);
      link.classList.toggle("zero", count === 0);
    }
    setText(rate, row.counts.completed + row.counts.failed > 0 ? `${row.failedRate} %` : "–");
  }
  return { node, update };
}
