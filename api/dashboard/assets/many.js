// @ts-check
// Retry or discard many failed jobs: a filter, the count before anything is done, and then the operation's own page.

import { call, Problem } from "./api.js";
import { h, setText } from "./dom.js";
import { group, Unusable } from "./fields.js";
import { plural, serverNow } from "./format.js";
import { ask } from "./notices.js";
import { act } from "./parts.js";
import { toOperation } from "./router.js";
import { may } from "./session.js";

/** Milliseconds of the units in which "so long ago" is written. @type {Record<string, number>} */
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TIME = "so long ago, as 30m, 2h or 7d, or a time with its zone";

const FILTER = {
  error: { type: "string", description: "The error's type", examples: ["Timeout"] },
  failedAfter: { type: "string", description: `Failed then or later: ${TIME}` },
  failedBefore: { type: "string", description: `Failed before: ${TIME}` },
  tags: { type: "string", description: "Has all of these, with commas between them" },
};
const RATE = { type: "number", description: "Jobs a second at the most" };
const TENANT = { type: "string", description: "The jobs of this tenant; empty: your own" };
const EVERYONE = { type: "boolean", default: false, description: "The jobs of all tenants" };

/** @typedef {{word: string, past: string, path: string}} Verb */

/** @param {string | null} type null: all types @returns {Verb[]} */
const verbs = (type) =>
  type === null
    ? [{ word: "Retry", past: "run again", path: "/retry" }]
    : [
        { word: "Retry", past: "run again", path: `/queues/${encodeURIComponent(type)}/redrive` },
        { word: "Discard", past: "be given up", path: `/queues/${encodeURIComponent(type)}/discard` },
      ];

/**
 * A part of a page that is closed at first; null for a token that may not.
 * @param {string | null} type whose jobs; null: all types
 */
export function many(type) {
  if (!may("jobs:write")) return null;
  const properties = { ...FILTER, rate: RATE, ...(may("admin") ? { tenant: TENANT, everyone: EVERYONE } : {}) };
  const fields = group("", { properties }, {}, true, "", 0);
  const wrong = h("p", { class: "fault", role: "alert" });

  /** @param {Verb} verb */
  async function begin(verb) {
    fields.clear();
    setText(wrong, "");
    try {
      const body = bodyOf(/** @type {Record<string, any>} */ (fields.value()));
      const count = (await call(verb.path, { method: "POST", body: { ...body, dryRun: true } })).value;
      if (count.matched === 0) return setText(wrong, "No failed job matches.");
      if (!(await ask(question(verb, count, type, body), `${verb.word} them`, { no: "Leave them" }))) return;
      const { id } = (await call(verb.path, { method: "POST", body })).value;
      location.hash = toOperation(id, count);
    } catch (error) {
      explain(error);
    }
  }

  /** @param {unknown} error */
  function explain(error) {
    if (error instanceof Unusable) return;
    if (!(error instanceof Problem) || error.faults.length === 0) throw error;
    const homeless = error.faults.filter(
      ({ field, message }) => !fields.fault(`.${field.replace(/^filter\./, "").replace(/\.\d+$/, "")}`, message),
    );
    setText(wrong, homeless.map(({ field, message }) => `${field}: ${message}`).join(" "));
  }

  const buttons = verbs(type).map((verb) =>
    h("button", {
      type: "button",
      class: verb.word === "Discard" ? "danger" : null,
      text: `${verb.word} all that match`,
      on: { click: act(() => begin(verb), () => {}) },
    }),
  );
  const title = type === null ? "Retry many" : "Retry or discard many";
  const hint = h("p", { class: "hint", text: "Nothing is done before you have seen how many they are." });
  return h(
    "details",
    { class: "card many" },
    h("summary", { text: title }),
    h("div", {}, fields.node, wrong, hint, h("div", { class: "row" }, ...buttons)),
  );
}

/** @param {Record<string, any>} given */
function bodyOf({ rate, everyone, failedAfter, failedBefore, tags, ...filter }) {
  const words = tags ? tags.split(",").map((/** @type {string} */ tag) => tag.trim()) : [];
  const chosen = { failedAfter: time(failedAfter), failedBefore: time(failedBefore) };
  return { filter: { ...filter, ...chosen, tags: words.filter(Boolean) }, rate, everyone };
}

/** "2h" as a time; what is not of this form is left to the API. @param {string | undefined} text */
function time(text) {
  const ago = /^(\d+) ?([smhd])$/.exec(text?.trim() ?? "");
  return ago ? new Date(serverNow() - Number(ago[1]) * UNITS[ago[2]]).toISOString() : text;
}

/**
 * @param {Verb} verb @param {{matched: number, exact: boolean}} count @param {string | null} type
 * @param {{filter: {tenant?: string}, everyone?: boolean}} body
 */
function question({ word, past }, { matched, exact }, type, { filter, everyone }) {
  const whose = everyone ? ", of every tenant" : filter.tenant ? `, of tenant ${filter.tenant}` : "";
  const jobs = `${exact ? "" : "at least "}${plural(matched, "failed job", "failed jobs")}`;
  return `${word} ${jobs}${type === null ? "" : ` of ${type}`}${whose}? ${matched === 1 ? "It" : "They"} will ${past}.`;
}
