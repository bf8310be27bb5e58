// @ts-check
// What the page says: a banner while the server is away, a remark after each action, a question before one that destroys.

import { byId, setText } from "./dom.js";

/** Milliseconds that a remark stays. */
const REMARK = 6_000;

let timer = 0;
let now = () => {};

/**
 * Says that the server is away.
 * @param {string} text
 * @param {() => void} again what `Try now` does
 */
export function showBanner(text, again) {
  now = again;
  setText(byId("banner-text"), text);
  byId("banner").hidden = false;
}

export const hideBanner = () => (byId("banner").hidden = true);

/**
 * Says what has become of an action.
 * @param {string} text
 * @param {boolean} [bad]
 */
export function remark(text, bad = false) {
  const node = byId("remark");
  node.classList.toggle("bad", bad);
  setText(node, text);
  clearTimeout(timer);
  timer = window.setTimeout(() => setText(node, ""), REMARK);
}

/**
 * Asks before something that cannot be undone.
 * @param {string} question
 * @param {string} yes the button's word
 * @returns {Promise<boolean>}
 */
export function ask(question, yes) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("question"));
  setText(byId("question-text"), question);
  setText(byId("question-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) =>
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }),
  );
}

/** Makes the buttons of the page work. */
export function wire() {
  byId("banner-now").addEventListener("click", () => now());
  byId("question-yes").addEventListener("click", () => byId("question").close("yes"));
  byId("question-no").addEventListener("click", () => byId("question").close("no"));
}
