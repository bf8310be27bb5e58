// @ts-check
// Asks for a token.

import { byId, h } from "./dom.js";
import { code } from "./parts.js";
import { capital } from "./poll.js";
import { keep, tokenIn } from "./session.js";

/**
 * @param {string} why the reason for which the last token was not taken
 * @param {() => void} done
 * @returns {import("./app.js").View}
 */
export function signIn(why, done) {
  const field = h("input", {
    ...{ id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true },
    "aria-describedby": "token-hint token-why",
  });
  const reason = h("p", { id: "token-why", class: "fault", role: "alert", text: why ? `${capital(why)}.` : "" });
  const form = h(
    "form",
    { class: "card sign-in", on: { submit } },
    h("h1", { text: "Jobyard" }),
    h("label", { for: "token", text: "Token" }),
    field,
    h(
      "p",
      { id: "token-hint", class: "hint" },
      code("jobyard token"),
      " prints one, and ",
      code("make up"),
      " a link that brings it along. It stays in this tab.",
    ),
    reason,
    h("button", { class: "primary", text: "Sign in" }),
  );

  /** @param {SubmitEvent} event */
  function submit(event) {
    event.preventDefault();
    keep(tokenIn(field.value));
    done();
    byId("main").focus({ preventScroll: true });
  }

  return { node: form, title: "Sign in", start: () => field.focus(), stop: () => {} };
}
