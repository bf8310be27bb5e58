// @ts-check
// Why a job waits, in the API's own sentence, and where to look next.

import { h, region } from "./dom.js";
import { toJobs } from "./router.js";

/** Where more is to be learned, by the API's word for the reason. @type {Record<string, (type: string) => [string, string]>} */
const NEXT = {
  paused: () => ["To the queues", "#/queues"],
  rate: (type) => ["What runs of its type", toJobs({ type, status: "active" })],
  concurrency: (type) => ["What runs of its type", toJobs({ type, status: "active" })],
  "tenant-cap": (type) => ["What runs of its type", toJobs({ type, status: "active" })],
  queue: (type) => ["What waits of its type", toJobs({ type, status: "waiting" })],
};

/** A card for a job that waits; hidden for any other. */
export function waiting() {
  const node = h("section", { class: "card", "aria-label": "Why it waits" });
  const render = region(node, (/** @type {{waiting: any, type: string} | null} */ shown) =>
    shown === null
      ? []
      : [h("h2", { text: "Why it waits" }), h("p", {}, shown.waiting.message, next(shown.waiting.reason, shown.type))],
  );
  const update = (/** @type {any} */ job) => render(job.waiting ? { waiting: job.waiting, type: job.type } : null);
  return { node, update };
}

/** @param {string} reason @param {string} type */
function next(reason, type) {
  const [text, href] = NEXT[reason]?.(type) ?? [];
  return text ? h("span", {}, " ", h("a", { href, text }), ".") : "";
}
