// @ts-check
// The long texts of a job's page: its error, its data and its result.

import { jobPath } from "./api.js";
import { h, region, setText } from "./dom.js";
import { number, pretty } from "./format.js";
import { remark } from "./notices.js";

/** Where the API has jobs. */
const PATH = "/api/v1/jobs";

/** @param {string} text */
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    remark("Copied.");
  } catch {
    remark("The browser did not let it be copied.", true);
  }
}

export function failure() {
  const node = h("section", { class: "card failure", "aria-label": "Error" });
  const render = region(node, (/** @type {any} */ error) =>
    error === null
      ? []
      : [
          h("h2", { text: error.type }),
          h("p", { class: "message", text: error.message }),
          error.traceback &&
            h("details", { open: true }, h("summary", { text: "Traceback" }), frame("Traceback", error.traceback)),
        ],
  );
  return { node, update: (/** @type {any} */ job) => render(job.status === "completed" ? null : job.error) };
}

/** A text that scrolls by itself, with the keyboard too. @param {string} label @param {string} text */
const frame = (label, text) => h("pre", { tabindex: 0, role: "region", "aria-label": label, text });

/** @param {string} title @param {"data" | "result"} name */
export function json(title, name) {
  const text = h("pre", { tabindex: 0, role: "region", "aria-label": title });
  const copy = h("button", {
    type: "button",
    class: "quiet",
    text: "Copy",
    "aria-label": `Copy ${name}`,
    on: { click: () => toClipboard(text.textContent ?? "") },
  });
  const node = h(
    "section",
    { class: "card", "aria-label": `${title} as JSON` },
    h("div", { class: "heading" }, h("h2", { text: title }), copy),
    text,
  );
  const update = (/** @type {any} */ job) => {
    node.hidden = job.veiled || (name === "result" && job.status !== "completed");
    const left = job.omitted.includes(name);
    copy.hidden = left;
    setText(text, left ? leftOut(job, name) : pretty(job[name]));
  };
  return { node, update };
}

/** Why data or result are not here. @param {any} job @param {"data" | "result"} name */
function leftOut(job, name) {
  const size = job[`${name}Size`];
  if (size === null)
    return job.encrypted ? "Encrypted." : `Too long for this page: GET ${PATH}${jobPath(job.id)}/${name} answers it.`;
  return `${number(size)} bytes, too long for this page: GET ${PATH}${jobPath(job.id)}/${name} answers them.`;
}
