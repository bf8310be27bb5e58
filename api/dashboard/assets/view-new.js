// @ts-check
// A new job: its type, its data as fields or as JSON, its options. What the API refuses stands beside the field.

import { call, jobPath, jobTypes, Problem, Unreachable } from "./api.js";
import { h, swap } from "./dom.js";
import { dataForm } from "./data-form.js";
import { Unusable } from "./fields.js";
import { remark } from "./notices.js";
import { optionsForm } from "./options-form.js";
import { empty, heading, loading, refusal } from "./parts.js";
import { capital } from "./poll.js";
import { toJob, toNew } from "./router.js";

/**
 * @param {import("./router.js").Route} route
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function newJob({ parameters }, shell) {
  const place = h("div", {}, loading());
  const node = h("section", {}, heading("New job"), place);

  async function start() {
    try {
      const types = await jobTypes();
      const from = parameters.get("from");
      const like = from ? (await call(jobPath(from))).value : null;
      swap(place, types.length ? form(types, like?.type ?? parameters.get("type"), like, shell) : noTypes());
    } catch (error) {
      if (error instanceof Problem) {
        swap(place, refusal(error));
        shell.refused(error);
      } else if (error instanceof Unreachable) swap(place, unreachable(error, start));
      else throw error;
    }
  }
  return { node, title: "New job", start, stop: () => {} };
}

const noTypes = () => empty("There are no job types.", "Add a file to functions/ and name it in functions/catalog.py.");

/** @param {Unreachable} error @param {() => void} again */
const unreachable = (error, again) =>
  empty(`${capital(error.message)}.`, h("button", { type: "button", text: "Try again", on: { click: again } }));

/** @param {any[]} types @param {string | null} wanted @param {any} like the job that is copied @param {import("./app.js").Shell} shell */
function form(types, wanted, like, shell) {
  const type = types.find((one) => one.name === wanted) ?? types[0];
  const choice = h(
    "select",
    { id: "new-type", on: { change: () => (location.hash = toNew({ type: choice.value })) } },
    ...types.map(({ name }) => h("option", { value: name, text: name, selected: name === type.name })),
  );
  const data = dataForm(type.input, like === null || like.type !== type.name ? undefined : like.data);
  const options = optionsForm(type.options);
  const wrong = h("div", { class: "fault", role: "alert" });
  const send = h("button", { class: "primary", text: "Enqueue" });
  const node = h(
    "form",
    { class: "card new", novalidate: true, on: { submit } },
    h(
      "div",
      { class: "field" },
      h("label", { for: "new-type", text: "Type" }),
      choice,
      h("p", { class: "hint", text: type.description ?? "" }),
    ),
    data.node,
    options.node,
    wrong,
    h("div", { class: "row" }, send, h("a", { href: "#/jobs", class: "button quiet", text: "Back to the jobs" })),
  );

  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    for (const part of [data, options]) part.clear();
    wrong.replaceChildren();
    send.disabled = true;
    try {
      const body = { type: type.name, data: data.value(), options: options.value() };
      const answer = await call("", { method: "POST", body });
      remark(
        answer.status === 200
          ? `${answer.value.id} was there already: nothing new was made.`
          : `${answer.value.id} is enqueued.`,
      );
      location.hash = toJob(answer.value.id);
    } catch (error) {
      explain(error);
    } finally {
      send.disabled = false;
    }
  }

  /** @param {unknown} error */
  function explain(error) {
    if (error instanceof Unreachable)
      return wrong.append(
        h("p", {
          text: `${capital(error.message)}. Nothing is known of the job: give it a jobId before you try again, and it can be made only once.`,
        }),
      );
    if (!(error instanceof Problem)) {
      if (!(error instanceof Unusable)) throw error;
    } else {
      shell.refused(error);
      const homeless = error.faults.filter(
        (fault) => ![data, options].some((part) => part.fault(fault.field, said(fault))),
      );
      wrong.append(...homeless.map((fault) => h("p", { text: `${fault.field}: ${said(fault)}` })));
      if (error.faults.length === 0) wrong.append(h("p", { text: `${capital(error.message)}.` }));
    }
    const first = node.querySelector("[aria-invalid]");
    if (first instanceof HTMLElement) first.focus();
  }
  return node;
}

/** @param {import("./api.js").Fault} fault */
const said = ({ message, suggestion }) => (suggestion ? `${message} (${suggestion}?)` : message);
