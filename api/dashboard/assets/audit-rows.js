// @ts-check
// Entries of the audit trail as rows of a table, and how they are asked for.

import { call, query } from "./api.js";
import { h } from "./dom.js";
import { moment } from "./format.js";
import { list } from "./list.js";
import { badge, cell, code, setBadge, table, tableRow } from "./parts.js";
import { toAudit, toFlow, toJob, toOperation } from "./router.js";

/** Entries of one page. */
const LIMIT = "50";
/** Pages without an entry that are passed over: each has asked for every day of a month, one after the other. */
const PASSED_OVER = 2;
/** What came of an action in the colours of a job's status. @type {Record<string, string>} */
const TONES = { done: "completed", refused: "delayed", failed: "failed", "not known": "cancelled" };

/**
 * A page with entries, or the last one looked at.
 * @param {Record<string, string | null>} wanted action, actor, target, cursor
 * @param {AbortSignal} [signal]
 */
export async function readAudit(wanted, signal) {
  let cursor = wanted.cursor ?? null;
  for (let passed = 0; ; passed += 1) {
    const answer = await call(`/audit${query({ ...wanted, cursor, limit: LIMIT })}`, { signal });
    cursor = answer.value.cursor;
    if (answer.value.entries.length || cursor === null || passed === PASSED_OVER) return answer;
  }
}

/** @param {boolean} targets whether the entries are of many things */
export function auditRows(targets) {
  const body = h("tbody");
  const show = list(
    body,
    (/** @type {any} */ entry) => entry.id,
    (entry) => auditRow(entry, targets),
  );
  /** @type {[string, string?][]} */
  const columns = [["When", "when"], ["Who"], ["What"], ...(targets ? [/** @type {[string]} */ (["To what"])] : [])];
  const frame = table("Audit", [...columns, ["Came of it"]], body);
  return { node: h("div", { class: "audit" }, frame), show };
}

/** @param {any} entry @param {boolean} targets @returns {import("./list.js").Part<any>} */
function auditRow(entry, targets) {
  const result = badge("");
  const about = h("div");
  const node = tableRow(
    cell("when", moment(entry.at)),
    cell(null, chosen("actor", entry.actor), entry.origin && h("p", { class: "hint", text: entry.origin })),
    cell(null, chosen("action", entry.action), asked(entry.parameters)),
    targets ? cell(null, whatOf(entry)) : null,
    cell(null, result, about),
  );
  return {
    node,
    // An entry's result is written after it.
    update(now) {
      const word = now.result ?? "not known";
      setBadge(result, TONES[word] ?? "failed");
      result.textContent = word;
      about.replaceChildren(
        now.detail === null ? "" : thing(now.result === "done" ? madeBy(now.action) : "", now.detail),
      );
    },
  };
}

/** A link to the entries that have the same. @param {"actor" | "action"} name @param {string} value */
const chosen = (name, value) => h("a", { href: toAudit({ [name]: value }), text: value });

/** @param {Record<string, unknown>} parameters */
function asked(parameters) {
  return Object.keys(parameters).length ? h("p", { class: "hint" }, code(JSON.stringify(parameters))) : null;
}

/** @param {string} action */
const kindOf = (action) => action.split(".")[0];

/** @param {{action: string, target: string | null}} entry of an action on many: whose they are, if not one's own */
function whatOf({ action, target }) {
  if (target === null) return "many";
  return target === "*" ? "many, of every tenant" : thing(kindOf(action), target);
}

/** What an action makes, whose id is its detail. @param {string} action */
function madeBy(action) {
  if (action === "job.replay" || action === "schedule.run") return "job";
  return action.startsWith("jobs.") || action === "queue.purge" ? "operation" : "";
}

/** @param {string} kind @param {string} id */
function thing(kind, id) {
  const href = {
    job: toJob(id),
    flow: toFlow(id),
    operation: toOperation(id, { matched: 0, exact: false }),
    queue: "#/queues",
    schedule: "#/schedules",
  }[kind];
  return href ? h("a", { class: "id", href, text: id }) : h("span", { class: "id", text: id });
}
