// @ts-check
// What is sensitive is not shown to whoever happens to look at the screen: it is said to be there, and shown if asked for.

import { h, region } from "./dom.js";

/** What stands in place of an error's words. */
const HIDDEN = "hidden, because jobs of this type are sensitive";

/**
 * A card that says what is not shown, and a job without it.
 * @param {() => void} again shows the job anew, once somebody has asked to see it all
 */
export function veil(again) {
  let lifted = false;
  const node = h("section", { class: "card", "aria-label": "Sensitive" });
  const render = region(node, (/** @type {"locked" | "veiled" | null} */ state) =>
    state === null ? [] : [h("h2", { text: "Sensitive" }), ...(state === "locked" ? locked() : [veiled(), show])],
  );
  const show = h("button", {
    type: "button",
    text: "Show it",
    on: {
      click: () => {
        lifted = true;
        again();
      },
    },
  });

  /** @param {any} job what of it may be seen now */
  function through(job) {
    const closed = job.sensitive && !lifted;
    render(job.encrypted ? "locked" : closed ? "veiled" : null);
    return closed ? without(job) : { ...job, veiled: false };
  }
  return { node, through };
}

const locked = () => [
  h("p", { text: "Some of this job is encrypted, and this server has no key for it. It is not shown." }),
];

const veiled = () => h("p", { text: "Data, result, error and log of such a job are hidden until you ask for them." });

/** @param {any} job */
function without(job) {
  return {
    ...job,
    veiled: true,
    data: null,
    result: null,
    note: null,
    logs: [],
    error: job.error && { type: job.error.type, message: HIDDEN, traceback: null },
    history: job.history.map((/** @type {any} */ one) => ({ ...one, error: one.error && HIDDEN })),
  };
}
