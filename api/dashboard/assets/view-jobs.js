// @ts-check
// The list of jobs: filters and page are in the address, so that they can be kept and gone back to.

import { call, jobTypes, query } from "./api.js";
import { h, region, swap } from "./dom.js";
import { list } from "./list.js";
import { code, empty, heading, loading, refusal, STATUSES, table } from "./parts.js";
import { Poll } from "./poll.js";
import { jobRow } from "./job-row.js";
import { toJobs } from "./router.js";

/** Jobs of one page. */
const LIMIT = "50";
/** Empty pages that are passed over: where a filter matches little, a page may have nothing and yet not be the last. */
const PASSED_OVER = 10;

/** @typedef {{status: string | null, type: string | null, cursor: string | null}} Filter */

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function jobs(route, shell) {
  let filter = filterOf(route);
  const body = h("tbody");
  const rows = list(
    body,
    (/** @type {any} */ job) => job.id,
    (job) => jobRow(job, () => poll.now()),
  );
  const frame = table(
    "Jobs",
    [
      ["Status", "status"],
      ["Job"],
      ["Attempts", "count wide"],
      ["Took", "count wide"],
      ["Activity", "when"],
      ["Actions", "acts"],
    ],
    body,
  );
  const place = h("div", { class: "jobs" }, loading());
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {Filter & {next: string | null}} */ at) => [
    at.cursor ? h("a", { class: "button", href: toJobs({ ...at, cursor: null }), text: "Newest" }) : null,
    at.next
      ? h("a", { class: "button", href: toJobs({ status: at.status, type: at.type, cursor: at.next }), text: "Older" })
      : null,
  ]);
  const choice = filters();
  const poll = new Poll({
    load: (signal) => page(filter, signal),
    show({ jobs, cursor }) {
      rows(jobs);
      swap(place, jobs.length ? frame : nothing(filter));
      paging({ ...filter, next: cursor });
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });

  /** @param {import("./router.js").Route} next */
  function go(next) {
    filter = filterOf(next);
    choice.show(filter);
    poll.anew();
    return true;
  }

  choice.show(filter);
  const node = h("section", {}, heading("Jobs"), choice.node, place, pages);
  return { node, title: "Jobs", start: () => poll.start(), stop: () => poll.stop(), go };
}

/** @param {import("./router.js").Route} route @returns {Filter} */
function filterOf({ parameters }) {
  return { status: parameters.get("status"), type: parameters.get("type"), cursor: parameters.get("cursor") };
}

/** @param {Filter} filter @param {AbortSignal} signal */
async function page(filter, signal) {
  let cursor = filter.cursor;
  for (let passed = 0; ; passed += 1) {
    const answer = await call(query({ ...filter, cursor, limit: LIMIT }), { signal });
    cursor = answer.value.cursor;
    if (answer.value.jobs.length || cursor === null || passed === PASSED_OVER) return answer;
  }
}

/** @param {Filter} filter */
function nothing(filter) {
  if (filter.cursor)
    return empty(
      "There is nothing older here.",
      h("a", { href: toJobs({ ...filter, cursor: null }), text: "To the newest" }),
    );
  if (filter.status || filter.type) {
    const what = `No ${filter.status ?? ""} jobs${filter.type ? ` of type ${filter.type}` : ""}.`.replace("  ", " ");
    return empty(what, h("a", { href: "#/jobs", text: "Show all jobs" }));
  }
  return empty(
    "No jobs yet.",
    "Make one with ",
    h("a", { href: "#/new", text: "New job" }),
    ", or in a terminal with ",
    code("jobyard enqueue"),
    ".",
  );
}

/** Links for the statuses and a choice of types. */
function filters() {
  const links = [null, ...STATUSES].map((status) => ({
    status,
    link: h("a", { text: status ?? "all", "data-status": status }),
  }));
  const types = h(
    "select",
    { id: "type", on: { change: () => (location.hash = toJobs({ ...shown, type: types.value, cursor: null })) } },
    h("option", { value: "", text: "all types" }),
  );
  /** @type {Filter} */
  let shown = { status: null, type: null, cursor: null };

  /** @param {Filter} filter */
  function show(filter) {
    shown = filter;
    for (const { status, link } of links) {
      link.href = toJobs({ status, type: filter.type });
      if (status === filter.status) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    choose(filter.type);
  }

  /** Chooses a type, also one that there is no more. @param {string | null} type */
  function choose(type) {
    if (type && ![...types.options].some((option) => option.value === type)) types.add(new Option(type, type));
    types.value = type ?? "";
  }

  jobTypes().then(
    (found) => {
      const known = new Set([...types.options].map((option) => option.value));
      for (const { name } of found) if (!known.has(name)) types.add(new Option(name, name));
      choose(shown.type);
    },
    () => {}, // the list itself says what is wrong
  );
  const node = h(
    "div",
    { class: "filters" },
    h("nav", { class: "chips", "aria-label": "Status" }, ...links.map(({ link }) => link)),
    h("label", { class: "unseen", for: "type", text: "Type" }),
    types,
  );
  return { node, show };
}
