// @ts-check
// A job as a row of a list, updated in its place.

import { h, region, setAttribute, setText } from "./dom.js";
import { duration, moment, setMoment } from "./format.js";
import { actionsFor, jobButton } from "./job-actions.js";
import { badge, cell, setBadge, tableRow } from "./parts.js";
import { toJob } from "./router.js";

/**
 * @param {any} job
 * @param {() => void} done called after an action
 * @returns {import("./list.js").Part<any>}
 */
export function jobRow(job, done) {
  const status = badge(job.status);
  const link = h("a", { class: "id", href: toJob(job.id), text: job.id });
  const type = h("span", { class: "type", text: job.type });
  const more = h("span", { class: "more" });
  const bar = h("progress", { max: 100, "aria-label": "Progress" });
  const attempts = cell("count wide");
  const took = cell("count wide");
  const when = moment(activity(job));
  const acts = cell("acts");
  const buttons = region(acts, (/** @type {string[]} */ names) =>
    names.length ? names.map((name) => jobButton(job, name, done)) : [""],
  );
  const about = cell("job", link, h("div", { class: "line" }, type, bar, more));
  const node = tableRow(cell("status", status), about, attempts, took, cell("when", when), acts);

  /** @param {any} now */
  function update(now) {
    job = now;
    setBadge(status, job.status);
    setText(more, remarkOn(job));
    bar.hidden = job.status !== "active" || job.progress === 0;
    setAttribute(bar, "value", String(job.progress));
    setText(attempts, `${job.attempts} of ${job.maxAttempts}`);
    setText(
      took,
      job.startedAt && job.finishedAt ? duration(Date.parse(job.finishedAt) - Date.parse(job.startedAt)) : "–",
    );
    setMoment(when, activity(job));
    // The rest is on the job's own page.
    buttons(actionsFor(job).filter((name) => ["retry", "cancel"].includes(name)));
  }
  return { node, update };
}

/** The time that tells most of a job in its status. @param {any} job */
function activity(job) {
  if (job.finishedAt) return job.finishedAt;
  return job.status === "active" ? job.startedAt : job.runAt;
}

/** @param {any} job */
function remarkOn(job) {
  if (job.error && job.status !== "completed") return `${job.error.type}: ${job.error.message}`;
  return job.status === "active" ? (job.note ?? "") : "";
}
