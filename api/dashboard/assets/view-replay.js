// @ts-check
// A job once more, with its data or with other data: a new job that names the old one, which stays as it was.

import { call, jobPath, jobTypes, Problem, Unreachable } from "./api.js";
import { dataForm } from "./data-form.js";
import { h, swap } from "./dom.js";
import { Unusable } from "./fields.js";
import { remark } from "./notices.js";
import { empty, heading, loading, refusal } from "./parts.js";
import { capital } from "./poll.js";
import { toJob } from "./router.js";

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function replay({ rest: id }, shell) {
  const place = h("div", {}, loading());
  const node = h("section", {}, heading(`Replay ${id}`), place);

  async function start() {
    try {
      const [types, old] = await Promise.all([jobTypes(), call(jobPath(id))]);
      const type = types.find((one) => one.name === old.value.type);
      swap(place, type ? form(type, old.value, shell) : noType(old.value));
    } catch (error) {
      if (error instanceof Problem) {
        swap(place, refusal(error));
        shell.refused(error);
      } else if (error instanceof Unreachable) swap(place, empty(`${capital(error.message)}.`, again()));
      else throw error;
    }
  }
  const again = () => h("button", { type: "button", text: "Try again", on: { click: start } });
  return { node, title: `Replay ${id}`, start, stop: () => {} };
}

/** @param {any} old */
const noType = ({ id, type }) =>
  empty(`There is no job type ${type} any more.`, h("a", { href: toJob(id), text: "Back to the job" }));

/** @param {any} type @param {any} old @param {import("./app.js").Shell} shell */
function form(type, old, shell) {
  const data = dataForm(type.input, old.data);
  // As the form gives back what it was given: only what somebody has changed is sent.
  const before = JSON.stringify(data.value());
  const wrong = h("div", { class: "fault", role: "alert" });
  const send = h("button", { class: "primary", text: "Replay" });
  const back = h("a", { href: toJob(old.id), class: "button quiet", text: "Back to the job" });
  const hint = "A new job, with the old one's priority, tags and limits, and its type's attempts. The old one stays.";
  const node = h(
    "form",
    { class: "card new", novalidate: true, on: { submit } },
    h("p", { class: "hint lead", text: `${type.name}. ${hint}` }),
    data.node,
    wrong,
    h("div", { class: "row" }, send, back),
  );

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    data.clear();
    wrong.replaceChildren();
    send.disabled = true;
    try {
      const value = data.value();
      const body = JSON.stringify(value) === before ? {} : { data: value };
      const answer = await call(`${jobPath(old.id)}/replay`, { method: "POST", body });
      remark(`${answer.value.id} is a replay of ${old.id}.`);
      location.hash = toJob(answer.value.id);
    } catch (error) {
      explain(error);
    } finally {
      send.disabled = false;
    }
    const first = node.querySelector("[aria-invalid]");
    if (first instanceof HTMLElement) first.focus();
  }

  /** @param {unknown} error */
  function explain(error) {
    if (error instanceof Unusable) return;
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    const faults = error instanceof Problem ? error.faults : [];
    if (error instanceof Problem) shell.refused(error);
    const homeless = faults.filter(({ field, message }) => !data.fault(field, message));
    wrong.append(...homeless.map(({ field, message }) => h("p", { text: `${field}: ${message}` })));
    if (faults.length === 0) wrong.append(h("p", { text: `${capital(error.message)}.` }));
  }
  return node;
}
