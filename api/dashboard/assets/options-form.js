// @ts-check
// What can be said of one job beside its data. What is empty comes from its type.

import { h } from "./dom.js";
import { group } from "./fields.js";
import { duration } from "./format.js";

const HOUR = 3_600_000;

/** @param {any} ofType the type's own options */
export function optionsForm(ofType) {
  const properties = {
    jobId: { type: "string", description: "A name of your own: asking again with it makes no second job" },
    delay: { type: "number", minimum: 0, description: "Not before so many ms from now", examples: [HOUR] },
    attempts: { type: "integer", minimum: 1, maximum: 100, default: ofType.attempts },
    timeout: { type: "number", description: `ms that an attempt may take; ${duration(ofType.timeout)} if empty` },
    expiresIn: { type: "number", description: "It fails if it has not started so many ms from now" },
    tags: { type: "array", description: "A list of texts, as JSON", examples: ['["nightly"]'] },
  };
  const fields = group("options", { properties }, {}, true, "options", 0);
  const node = h("details", { class: "options" }, h("summary", { text: "Options" }), fields.node);
  return {
    node,
    value: fields.value,
    clear: fields.clear,
    /** @param {string} path @param {string} message */
    fault(path, message) {
      const here = fields.fault(path, message) || fields.fault(`options.${path}`, message);
      if (here) node.open = true;
      return here;
    },
  };
}
