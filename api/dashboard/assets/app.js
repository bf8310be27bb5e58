// @ts-check
// Puts the page together: token, addresses, one view at a time.

import { forgetTypes } from "./api.js";
import { byId, setText } from "./dom.js";
import { tick } from "./format.js";
import { wire } from "./notices.js";
import { routeOf, toJob } from "./router.js";
import { claims, forget, may, takeFromAddress, token } from "./session.js";
import { auditTrail } from "./view-audit.js";
import { deadLetters } from "./view-dead.js";
import { flow } from "./view-flow.js";
import { flows } from "./view-flows.js";
import { jobs } from "./view-jobs.js";
import { job } from "./view-job.js";
import { newJob } from "./view-new.js";
import { operation } from "./view-operation.js";
import { overview } from "./view-overview.js";
import { queues } from "./view-queues.js";
import { replay } from "./view-replay.js";
import { schedules } from "./view-schedules.js";
import { signIn } from "./view-sign-in.js";
import { workers } from "./view-workers.js";

/** @typedef {import("./router.js").Route} Route */
/** @typedef {{refused: (problem: import("./api.js").Problem) => void}} Shell what a view asks of the page */
/**
 * A view: its elements, and how it comes and goes. `go` takes a new address of the same view, so that it need not be
 * made anew.
 * @typedef {{node: HTMLElement, title: string, start: () => void, stop: () => void, go?: (route: Route) => boolean}} View
 */

/** @type {Record<string, (route: Route, shell: Shell) => View>} */
const VIEWS = {
  overview,
  ...{ jobs, job, replay, new: newJob },
  ...{ flows, flow },
  ...{ dead: deadLetters, operation },
  ...{ schedules, queues, workers, audit: auditTrail },
};

/** @type {View | null} */
let current = null;
let shownView = "";

/** @param {View} view */
function show(view) {
  current?.stop();
  current = view;
  byId("main").replaceChildren(view.node);
  document.title = `${view.title} · Jobyard`;
  view.start();
}

/** Asks for a token. @param {string} [why] */
function askForToken(why) {
  forget();
  forgetTypes();
  shownView = "";
  byId("bar").hidden = true;
  show(signIn(why ?? "", render));
}

/** @param {import("./api.js").Problem} problem */
function refused(problem) {
  if (problem.status === 401) askForToken(problem.message);
}

/** Shows what the address says. */
function render() {
  if (takeFromAddress()) forgetTypes();
  if (token() === null) return askForToken();
  const route = routeOf(location.hash);
  const make = VIEWS[route.view] ?? overview;
  mark(route.view);
  if (shownView === route.view && current?.go?.(route)) return;
  const arrived = shownView !== "";
  shownView = route.view;
  show(make(route, { refused }));
  window.scrollTo(0, 0);
  // A reader of screens is told of the new view; at the first one the browser does so itself.
  if (arrived) byId("main").focus({ preventScroll: true });
}

/** @param {string} view */
function mark(view) {
  byId("bar").hidden = false;
  setText(byId("tenant"), claims()?.tenant ?? "");
  byId("tenant").title = `You see the jobs of the tenant ${claims()?.tenant ?? ""}.`;
  byId("to-workers").hidden = !may("admin");
  byId("to-new").hidden = !may("jobs:write");
  for (const link of document.querySelectorAll("#nav a")) {
    const here = link instanceof HTMLElement && link.dataset.view === view;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {KeyboardEvent} event */
function shortcut(event) {
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || byId("bar").hidden) return;
  event.preventDefault();
  byId("search-id").focus();
}

/** @param {SubmitEvent} event */
function search(event) {
  event.preventDefault();
  const id = byId("search-id").value.trim();
  if (id) location.hash = toJob(id);
  byId("search-id").value = "";
}

wire();
byId("sign-out").addEventListener("click", () => askForToken());
byId("search").addEventListener("submit", search);
byId("skip").addEventListener("click", (/** @type {MouseEvent} */ event) => {
  event.preventDefault();
  byId("main").focus();
});
document.addEventListener("keydown", shortcut);
window.addEventListener("hashchange", render);
setInterval(() => document.hidden || tick(), 1_000);
render();
