// @ts-check
// Whether jobs can be taken, and what is wrong by the API's rules, each with the place to look at.

import { call, Problem, Unreachable } from "./api.js";
import { h, region, setAttribute, setText } from "./dom.js";
import { serverNow } from "./format.js";
import { capital } from "./poll.js";
import { toJobs } from "./router.js";
import { may } from "./session.js";

/** What the health check answers when jobs cannot be taken; an answer, not a fault. */
const UNHEALTHY = 503;
/** Milliseconds between two checks beside something else: a check counts all queues. */
const SELDOM = 60_000;
/** The rule that finds nothing wrong with the system: dead letters have a number of their own on each page. */
const REMARK = "dead-letters";
/** Where to look, by the API's rules. @type {Record<string, (subject: string) => string>} */
const PLACES = {
  backlog: (type) => toJobs({ type, status: "waiting" }),
  "failure-rate": (type) => toJobs({ type, status: "failed" }),
  stalled: (type) => toJobs({ type, status: "waiting" }),
  "worker-silent": () => "#/workers",
};

/** @param {AbortSignal} [signal] */
export const checkHealth = (signal) => call("/health/check", { signal, good: [UNHEALTHY] });

/** A word for a heading, and what was found as a list. */
export function health() {
  const word = h("span", { class: "health" });
  const node = h("ul", { class: "card findings", "aria-label": "What is wrong", hidden: true });
  const render = region(node, (/** @type {any[]} */ findings) =>
    findings.map(({ rule, subject, message }) => {
      const href = rule === "worker-silent" && !may("admin") ? null : PLACES[rule]?.(subject);
      return h("li", {}, href ? h("a", { href, text: capital(message) }) : capital(message));
    }),
  );
  /** @param {any} check */
  function update(check) {
    setAttribute(word, "data-health", check.status);
    const why = check.status === "unhealthy" ? ": table or queues do not answer; the server's log says why" : "";
    setText(word, check.status + why);
    render((check.findings ?? []).filter((/** @type {any} */ { rule }) => rule !== REMARK));
  }
  return { word, node, update };
}

/** The same beside something else that is looked at: once a minute, and silent about a server that is away. */
export function healthBeside() {
  const shown = health();
  let last = -Infinity;
  async function look() {
    if (serverNow() - last < SELDOM) return;
    last = serverNow();
    try {
      shown.update((await checkHealth()).value);
    } catch (error) {
      // What it stands beside says so.
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    }
  }
  return { ...shown, look };
}
