// @ts-check
// What the page says: a banner while the server is away, a remark after each action, a question before one that destroys.

import { byId, setText } from "./dom.js";

/** Milliseconds that a remark stays. */
const REMARK = 6_000;

let timer = 0;
let wanted = "";
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
 * Asks before something that cannot be undone, or that is done to many.
 * @param {string} question
 * @param {string} yes the button's word
 * @param {{no?: string, word?: string}} [more] the other button's word; what must be typed before `yes` can be said
 * @returns {Promise<boolean>}
 */
export function ask(question, yes, { no = "Keep it", word = "" } = {}) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("question"));
  setText(byId("question-text"), question);
  setText(byId("question-yes"), yes);
  setText(byId("question-no"), no);
  setText(byId("question-label"), `Type ${word} to go on`);
  byId("question-typed").hidden = word === "";
  byId("question-word").value = "";
  wanted = word;
  check();
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) =>
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true }),
  );
}

/** Whether the question's word is typed, if it wants one. */
function check() {
  byId("question-yes").disabled = wanted !== "" && byId("question-word").value !== wanted;
}

/** @param {KeyboardEvent} event */
function enter(event) {
  if (event.key === "Enter" && !byId("question-yes").disabled) byId("question").close("yes");
}

/** Makes the buttons of the page work. */
export function wire() {
  byId("question-word").addEventListener("input", check);
  byId("question-word").addEventListener("keydown", enter);
  byId("banner-now").addEventListener("click", () => now());
  byId("question-yes").addEventListener("click", () => byId("question").close("yes"));
  byId("question-no").addEventListener("click", () => byId("question").close("no"));
}
