// @ts-check
// Who did what to which job, queue, flow or schedule; what is wanted is in the address.

import { query } from "./api.js";
import { h, region, swap } from "./dom.js";
import { auditRows, readAudit } from "./audit-rows.js";
import { empty, heading, loading, refusal } from "./parts.js";
import { Poll } from "./poll.js";
import { toAudit } from "./router.js";

/** What entries can be chosen by: the API's name, and ours. @type {[string, string][]} */
const FIELDS = [
  ["action", "What, as job.cancel"],
  ["actor", "Who"],
  ["target", "To what: a job's id, a queue's name"],
];

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function auditTrail({ parameters }, shell) {
  const wanted = Object.fromEntries(FIELDS.map(([name]) => [name, parameters.get(name)]));
  const cursor = parameters.get("cursor");
  const rows = auditRows(true);
  const place = h("div", {}, loading());
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {string | null} */ next) => [
    cursor ? h("a", { class: "button", href: toAudit(wanted), text: "Latest" }) : null,
    next ? h("a", { class: "button", href: toAudit({ ...wanted, cursor: next }), text: "Older" }) : null,
  ]);
  const poll = new Poll({
    load: (signal) => readAudit({ ...wanted, cursor }, signal),
    show(page) {
      rows.show(page.entries);
      swap(place, page.entries.length ? rows.node : none(query(wanted) !== "" || cursor !== null, page.cursor));
      paging(page.cursor);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Audit"), choice(wanted), place, pages);
  return { node, title: "Audit", start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {boolean} chosen @param {string | null} next */
function none(chosen, next) {
  if (next !== null) return empty("Nothing found so far.", "There are older entries.");
  if (chosen) return empty("No such entry.", h("a", { href: "#/audit", text: "Show all" }));
  return empty(
    "Nothing has been done yet.",
    "Whoever cancels, retries, pauses or changes something is written down here.",
  );
}

/** @param {Record<string, string | null>} wanted */
function choice(wanted) {
  const inputs = FIELDS.map(([name, text]) => ({
    name,
    input: h("input", { name, "aria-label": text, placeholder: text, value: wanted[name], autocomplete: "off" }),
  }));
  /** @param {Event} event */
  function choose(event) {
    event.preventDefault();
    location.hash = toAudit(Object.fromEntries(inputs.map(({ name, input }) => [name, input.value.trim()])));
  }
  const button = h("button", { text: "Show" });
  const fields = inputs.map(({ input }) => input);
  return h(
    "form",
    { class: "choice", role: "search", "aria-label": "Entries", on: { submit: choose } },
    ...fields,
    button,
  );
}
