// @ts-check
// Who did what to a job. It is asked for when it is opened, and not with each look at the job: the trail lies in parts by
// days, and looking through them costs more than the job itself.

import { auditRows, readAudit } from "./audit-rows.js";
import { Problem, Unreachable } from "./api.js";
import { h, swap } from "./dom.js";
import { loading } from "./parts.js";
import { capital } from "./poll.js";
import { toAudit } from "./router.js";

/** @param {string} id */
export function audit(id) {
  const place = h("div", {}, loading());
  const rows = auditRows(false);
  const more = h("p", { class: "hint" }, h("a", { href: toAudit({ target: id }), text: "Older entries" }));
  const node = h(
    "details",
    { class: "card", on: { toggle: () => void look() } },
    h("summary", { text: "Audit: who did what to it" }),
    place,
  );
  let shown = "";

  async function look() {
    if (!node.open) return;
    try {
      const { entries, cursor } = (await readAudit({ target: id })).value;
      rows.show(entries);
      more.hidden = cursor === null;
      swap(place, entries.length ? rows.node : h("p", { text: "Nobody has changed it since it was made." }));
      if (entries.length) place.append(more);
    } catch (error) {
      if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      place.replaceChildren(h("p", { text: `${capital(error.message)}.` }));
    }
  }

  /** @param {any} job another status may be somebody's doing */
  function update({ status, attempts, cancelRequestedAt }) {
    const now = JSON.stringify([status, attempts, cancelRequestedAt]);
    if (shown !== "" && now !== shown) void look();
    shown = now;
  }
  return { node, update };
}
