// @ts-check
// The flows: how far each is, and what can be done about it.

import { call, query } from "./api.js";
import { h, region, setAttribute, setText, swap } from "./dom.js";
import { flowActions, flowBadge, flowButton, flowProgress, setFlowBadge } from "./flow-parts.js";
import { moment, setMoment } from "./format.js";
import { list } from "./list.js";
import { cell, code, empty, heading, loading, refusal, table, tableRow } from "./parts.js";
import { Poll } from "./poll.js";
import { toFlow } from "./router.js";

/** Flows of one page. */
const LIMIT = "50";

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function flows({ parameters }, shell) {
  const cursor = parameters.get("cursor");
  const body = h("tbody");
  const rows = list(
    body,
    (/** @type {any} */ flow) => flow.id,
    (flow) => flowRow(flow, () => poll.now()),
  );
  /** @type {[string, string?][]} */
  const columns = [["Status", "status"], ["Flow"], ["Steps"], ["Made", "when"], ["Actions", "acts"]];
  const frame = table("Flows", columns, body);
  const place = h("div", { class: "flows" }, loading());
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {string | null} */ next) => [
    cursor ? h("a", { class: "button", href: "#/flows", text: "Newest" }) : null,
    next ? h("a", { class: "button", href: `#/flows${query({ cursor: next })}`, text: "Older" }) : null,
  ]);
  const poll = new Poll({
    load: (signal) => call(`/flows${query({ cursor, limit: LIMIT })}`, { signal }),
    show(page) {
      rows(page.flows);
      swap(place, page.flows.length ? frame : none());
      paging(page.cursor);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Flows"), place, pages);
  return { node, title: "Flows", start: () => poll.start(), stop: () => poll.stop() };
}

const none = () =>
  empty(
    "No flows yet.",
    "Jobs that belong together are started with ",
    code("jobyard flows start"),
    " or ",
    code("POST /api/v1/jobs/flows"),
    ".",
  );

/** @param {any} flow @param {() => void} done @returns {import("./list.js").Part<any>} */
function flowRow(flow, done) {
  const status = flowBadge(flow);
  const link = h("a", { href: toFlow(flow.id) });
  const progress = flowProgress();
  const when = moment(flow.createdAt);
  const acts = cell("acts");
  const buttons = region(acts, (/** @type {any} */ { id, name, actions }) =>
    actions.length ? actions.map((/** @type {any} */ one) => flowButton({ id, name }, one, done)) : [""],
  );
  const id = h("p", { class: "hint id", text: flow.id });
  const node = tableRow(
    cell("status", status),
    cell("about", link, id),
    cell("steps", progress.node),
    cell("when", when),
    acts,
  );
  return {
    node,
    update(now) {
      setFlowBadge(status, now);
      setText(link, now.name || now.id);
      id.hidden = !now.name;
      setAttribute(link, "title", now.id);
      progress.update(now);
      setMoment(when, now.createdAt);
      buttons({ id: now.id, name: now.name, actions: flowActions(now) });
    },
  };
}
