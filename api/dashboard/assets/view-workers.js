// @ts-check
// The workers of the process that serves this page; on Lambda there are none.

import { call } from "./api.js";
import { h, setText, swap } from "./dom.js";
import { moment, plural, setMoment } from "./format.js";
import { list } from "./list.js";
import { code, empty, heading, loading, refusal } from "./parts.js";
import { Poll } from "./poll.js";

/**
 * @param {import("./router.js").Route} _
 * @param {import("./app.js").Shell} shell
 * @returns {import("./app.js").View}
 */
export function workers(_, shell) {
  const items = h("ul", { class: "letters" });
  const show = list(items, (/** @type {any} */ row) => row.name, workerCard);
  const place = h("div", {}, loading());
  const poll = new Poll({
    load: (signal) => call("/workers", { signal }),
    show({ workers }) {
      show(workers);
      const none = empty(
        "No worker runs in this server's process.",
        "On AWS Lambda runs the jobs; elsewhere start ",
        code("jobyard work"),
        ".",
      );
      swap(place, workers.length ? items : none);
    },
    refused(problem) {
      place.replaceChildren(refusal(problem));
      shell.refused(problem);
    },
  });
  const node = h("section", {}, heading("Workers"), place);
  return { node, title: "Workers", start: () => poll.start(), stop: () => poll.stop() };
}

/** @param {any} worker @returns {import("./list.js").Part<any>} */
function workerCard(worker) {
  const since = moment(worker.startedAt);
  const running = h("b");
  const types = h("ul", { class: "chips" });
  const show = list(
    types,
    (/** @type {any} */ row) => row.type,
    () => {
      const node = h("li");
      return {
        node,
        update: (/** @type {any} */ row) => setText(node, row.running ? `${row.type}: ${row.running}` : row.type),
      };
    },
  );
  const node = h(
    "li",
    { class: "card" },
    h("h2", { class: "id", text: worker.name }),
    h("p", { class: "hint" }, running, ", started ", since),
    types,
  );
  return {
    node,
    update(now) {
      setText(running, `${plural(now.running, "job", "jobs")} running`);
      setMoment(since, now.startedAt);
      show(now.types);
    },
  };
}
