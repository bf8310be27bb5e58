// @ts-check
// One flow: how far it is, what becomes of it if a step fails, and its steps with their jobs.

import { call, flowPath, query } from "./api.js";
import { h, region, setText, swap } from "./dom.js";
import { flowActions, flowBadge, flowButton, flowProgress, setFlowBadge } from "./flow-parts.js";
import { flowSteps } from "./flow-steps.js";
import { duration, moment, number } from "./format.js";
import { empty, loading, refusal } from "./parts.js";
import { Poll } from "./poll.js";
import { toFlow, toJob } from "./router.js";

/** Steps of one page; a flow that fits one is drawn with its lines. */
const STEPS = 100;
/** @type {Record<string, string>} */
const POLICIES = {
  fail: "nothing more is started, and the flow fails",
  continue: "the others go on",
  compensate: "the flow fails, and what was done is undone",
};

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function flow({ rest: id, parameters }, shell) {
  const after = parameters.get("after");
  const shown = card(id, after, () => poll.now());
  const place = h("div", {}, loading());
  const poll = new Poll({
    load: (signal) => call(flowPath(id) + query({ steps: String(STEPS), after }), { signal }),
    show(value) {
      swap(place, shown.node);
      shown.update(value);
    },
    refused(problem) {
      const gone = empty(`There is no flow ${id}.`, "Flows are forgotten 30 days after they have ended. ", toAll());
      place.replaceChildren(problem.status === 404 ? gone : refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, place);
  return {
    node,
    title: id,
    start: () => poll.start(),
    stop() {
      poll.stop();
      shown.stop();
    },
  };
}

const toAll = () => h("a", { href: "#/flows", text: "To all flows" });

/** @param {string} id @param {string | null} after @param {() => void} done */
function card(id, after, done) {
  const status = flowBadge({ status: "", phase: "" });
  const title = h("h1");
  const buttons = h("div", { class: "row" });
  const showButtons = region(buttons, (/** @type {any} */ { name, actions }) =>
    actions.map((/** @type {any} */ one) => flowButton({ id, name }, one, done)),
  );
  const progress = flowProgress();
  const facts = h("dl", { class: "card facts" });
  const showFacts = region(facts, (/** @type {[string, any][]} */ rows) =>
    rows.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", {}, shownAs(value)))),
  );
  const steps = flowSteps();
  const pages = h("nav", { class: "row pages", "aria-label": "Pages" });
  const paging = region(pages, (/** @type {number | null} */ next) => [
    after === null ? null : h("a", { class: "button", href: toFlow(id), text: "First steps" }),
    next === null
      ? null
      : h("a", { class: "button", href: toFlow(id) + query({ after: String(next) }), text: "More steps" }),
  ]);
  const head = h(
    "div",
    { class: "heading" },
    h("div", { class: "title" }, h("p", { class: "row" }, status, "Flow"), title),
    buttons,
  );
  const node = h("div", {}, head, progress.node, facts, steps.node, pages);

  /** @param {any} now */
  function update(now) {
    setFlowBadge(status, now);
    setText(title, now.name || now.id);
    title.classList.toggle("id", !now.name);
    showButtons({ name: now.name, actions: flowActions(now) });
    progress.update(now);
    showFacts(factsOf(now));
    steps.update(now.steps, now.total <= STEPS);
    paging(now.nextAfter);
  }
  return { node, update, stop: steps.stop };
}

/** @param {string | {at: string} | {job: string}} value */
function shownAs(value) {
  if (typeof value === "string") return value;
  return "at" in value ? moment(value.at) : h("a", { class: "id", href: toJob(value.job), text: value.job });
}

/** @param {any} flow @returns {[string, any][]} */
function factsOf(flow) {
  /** @type {[string, any][]} */
  const rows = [["Made", { at: flow.createdAt }]];
  if (flow.name) rows.unshift(["Id", flow.id]);
  if (flow.createdBy) rows.push(["By", flow.createdBy]);
  if (flow.endedAt) rows.push(["Ended", { at: flow.endedAt }]);
  if (flow.endedAt) rows.push(["Took", duration(Date.parse(flow.endedAt) - Date.parse(flow.createdAt))]);
  rows.push(["If a step fails", POLICIES[flow.onFailure] ?? flow.onFailure]);
  if (flow.round > 1) rows.push(["Round", number(flow.round)]);
  if (flow.endJobId) rows.push(["Job at its end", { job: flow.endJobId }]);
  return rows;
}
