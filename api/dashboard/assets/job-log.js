// @ts-check
// A job's log: a line of text for each thing that its attempts have said, with its time, its level and its fields.

import { h, region, setText } from "./dom.js";
import { plural } from "./format.js";

/** Levels that are worth a colour. */
const GRAVE = ["WARNING", "ERROR", "CRITICAL"];

export function logs() {
  const title = h("h2", { text: "Log" });
  const lines = h("pre", { class: "log", tabindex: 0, role: "region", "aria-label": "Log" });
  const node = h("section", { class: "card", "aria-label": "Log lines" }, title, lines);
  const render = region(lines, (/** @type {any[]} */ all) => {
    const several = new Set(all.map((line) => line.attempt)).size > 1;
    return all.map((line, index) => lineOf(line, several, index === all.length - 1));
  });
  const update = (/** @type {any} */ job) => {
    node.hidden = job.logs.length === 0;
    setText(title, `Log, ${plural(job.logs.length, "line", "lines")}`);
    render(job.logs);
  };
  return { node, update };
}

/** @param {any} line @param {boolean} several whether lines are of several attempts @param {boolean} last */
function lineOf(line, several, last) {
  return h(
    "span",
    { class: GRAVE.includes(line.level) ? "grave" : null },
    `${line.at.slice(11, 23)}${several ? ` #${line.attempt}` : ""} ${line.level}  ${textOf(line)}${last ? "" : "\n"}`,
  );
}

/** @param {any} line */
function textOf(line) {
  const source = line.logger ?? line.stream;
  const fields = Object.entries(line.fields ?? {}).map(([name, value]) => `  ${bare(name)}=${bare(value)}`);
  const exception = line.exception === undefined ? "" : `\n${line.exception}`;
  return `${source ? `${source}: ` : ""}${line.message}${fields.join("")}${exception}`;
}

/** A word as it is, anything else as JSON. @param {unknown} value */
const bare = (value) => (typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value));
