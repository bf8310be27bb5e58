// @ts-check
// Dead letters: jobs that failed for good, with their errors. Without a type: how many each type has.

import { call, query } from "./api.js";
import { h, region, setText, swap } from "./dom.js";
import { duration, moment, number } from "./format.js";
import { list } from "./list.js";
import { copyLink, jobButton } from "./job-actions.js";
import { many } from "./many.js";
import { empty, heading, loading, refusal } from "./parts.js";
import { Poll } from "./poll.js";
import { toDead, toJob } from "./router.js";
import { may } from "./session.js";

/** Dead letters of one page. */
const LIMIT = "50";
/** What can be done with one without leaving the page. */
const LETTER_ACTIONS = ["retry", "discard"];

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function deadLetters(route, shell) {
  return route.rest === "" ? perType(shell) : ofType(route.rest, route.parameters.get("cursor"), shell);
}

/** @param {import("./app.js").Shell} shell @returns {import("./app.js").View} */
function perType(shell) {
  const items = h("ul", { class: "choices" });
  const show = list(items, (/** @type {any} */ row) => row.type, choice);
  const place = h("div", {}, loading());
  return view("Dead letters", [heading("Dead letters"), many(null)], place, shell, {
    load: (signal) => call("/stats", { signal }),
    show(stats) {
      const dead = stats.types.filter((/** @type {any} */ row) => row.counts.failed > 0);
      show(dead);
      swap(
        place,
        dead.length
          ? items
          : empty("No dead letters.", "A job that fails for good is put here, with its error. Nothing is lost."),
      );
    },
  });
}

/** @returns {import("./list.js").Part<any>} */
function choice() {
  const count = h("b");
  const name = h("span");
  const node = h("li", {}, h("a", { class: "card" }, name, count));
  return {
    node,
    update(row) {
      setText(name, row.type);
      setText(count, number(row.counts.failed, row.exact));
      node.querySelector("a")?.setAttribute("href", toDead(row.type));
    },
  };
}

/** @param {string} type @param {string | null} cursor @param {import("./app.js").Shell} shell @returns {import("./app.js").View} */
function ofType(type, cursor, shell) {
  const items = h("ul", { class: "letters" });
  const show = list(
    items,
    (/** @type {any} */ job) => job.id,
    (job) => letter(job, () => made.poll.now()),
  );
  const place = h("div", {}, loading());
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {string | null} */ next) => [
    cursor ? h("a", { class: "button", href: toDead(type), text: "Newest" }) : null,
    next ? h("a", { class: "button", href: toDead(type) + query({ cursor: next }), text: "Older" }) : null,
  ]);
  const back = h("a", { href: "#/dead", text: "All types" });
  const made = view(`Dead letters of ${type}`, [heading(`Dead letters of ${type}`, back), many(type)], place, shell, {
    load: (signal) =>
      call(`/queues/${encodeURIComponent(type)}/dead-letters${query({ cursor, limit: LIMIT })}`, { signal }),
    show(page) {
      show(page.jobs);
      const none = page.cursor
        ? empty("None on this page.", "There are older ones.")
        : empty(`No dead letters of ${type}.`, back.cloneNode(true));
      swap(place, page.jobs.length ? items : none);
      paging(page.cursor);
    },
  });
  made.node.append(pages);
  return made;
}

/**
 * @param {string} title
 * @param {(Node | null)[]} head
 * @param {HTMLElement} place
 * @param {import("./app.js").Shell} shell
 * @param {{load: (signal: AbortSignal) => Promise<import("./api.js").Answer>, show: (value: any) => void}} source
 */
function view(title, head, place, shell, source) {
  const poll = new Poll({
    ...source,
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  return { node: h("section", {}, ...head, place), title, start: () => poll.start(), stop: () => poll.stop(), poll };
}

/** @param {any} job @param {() => void} done @returns {import("./list.js").Part<any>} */
function letter(job, done) {
  const node = h("li", { class: "card" });
  const render = region(node, (/** @type {any} */ now) => [
    h(
      "div",
      { class: "heading" },
      h(
        "div",
        {},
        h("a", { class: "id", href: toJob(now.id), text: now.id }),
        h("p", { class: "hint" }, "failed ", moment(now.finishedAt), `, ${tries(now)}`),
      ),
      may("jobs:write") ? h("div", { class: "row" }, ...LETTER_ACTIONS.map((name) => jobButton(now, name, done)), copyLink(now)) : null,
    ),
    h(
      "p",
      { class: "message" },
      h("b", { text: now.error?.type ?? "Error" }),
      now.error ? `: ${now.error.message}` : "",
    ),
    now.error?.traceback
      ? h(
          "details",
          {},
          h("summary", { text: "Traceback" }),
          h("pre", { tabindex: 0, role: "region", "aria-label": `Traceback of ${now.id}`, text: now.error.traceback }),
        )
      : null,
  ]);
  render(job);
  return { node, update: render };
}

/** @param {any} job */
function tries({ attempts, startedAt, finishedAt }) {
  const last = startedAt ? `, the last one took ${duration(Date.parse(finishedAt) - Date.parse(startedAt))}` : "";
  return attempts === 1 ? `one attempt${last.replace("the last one ", "")}` : `${attempts} attempts${last}`;
}
