// @ts-check
// Keeps a view up to date with one request at a time: quickly while things change, slowly while they do not, with longer
// and longer waits while the server is away, and not at all while nobody looks.

import { Problem, Unreachable } from "./api.js";
import { hideBanner, showBanner } from "./notices.js";
import { duration } from "./format.js";

/** Milliseconds between two requests: at first and after a change, and when nothing has changed for long. */
const QUICK = 1_500;
const SLOW = 10_000;
/** By which a wait grows when an answer is the same as the one before. */
const CALMER = 1.3;
/** Milliseconds until the next try of a server that does not answer; doubled each time. */
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;

/** @typedef {import("./api.js").Answer} Answer */
/** @typedef {{load: (signal: AbortSignal) => Promise<Answer>, show: (value: any, answer: Answer) => void, refused: (problem: Problem) => void}} Source */

export class Poll {
  /** @param {Source} source */
  constructor(source) {
    this.source = source;
    this.wait = QUICK;
    this.failures = 0;
    this.shown = "";
    this.timer = 0;
    this.running = false;
    /** @type {AbortController | null} */
    this.asking = null;
    this.look = () => (document.hidden ? this.rest() : this.now());
    this.online = () => this.now();
  }

  start() {
    this.running = true;
    document.addEventListener("visibilitychange", this.look);
    window.addEventListener("online", this.online);
    this.look();
  }

  stop() {
    this.running = false;
    document.removeEventListener("visibilitychange", this.look);
    window.removeEventListener("online", this.online);
    this.rest();
    hideBanner();
  }

  /** Begins again with another thing to show. */
  anew() {
    this.stop();
    this.shown = "";
    this.failures = 0;
    this.start();
  }

  /** Asks at once, and soon again: something has happened. */
  now() {
    if (!this.running) return;
    this.rest();
    this.wait = QUICK;
    void this.ask();
  }

  rest() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = null;
  }

  async ask() {
    const asking = (this.asking = new AbortController());
    try {
      const answer = await this.source.load(asking.signal);
      if (asking.signal.aborted) return;
      this.heard(answer);
    } catch (error) {
      if (asking.signal.aborted) return;
      this.failed(error);
    }
  }

  /** @param {Answer} answer */
  heard(answer) {
    if (this.failures > 0) hideBanner();
    this.failures = 0;
    const same = answer.text === this.shown;
    this.shown = answer.text;
    this.wait = same ? Math.min(this.wait * CALMER, SLOW) : QUICK;
    this.later(this.wait);
    if (!same) this.source.show(answer.value, answer);
  }

  /** @param {unknown} error */
  failed(error) {
    if (error instanceof Problem && !error.passes) {
      this.running = false;
      this.source.refused(error);
      return;
    }
    if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
    const asked = error instanceof Problem ? error.retryAfter * 1_000 : 0;
    const wait = Math.max(asked, Math.min(FIRST_RETRY * 2 ** this.failures, LAST_RETRY));
    this.failures += 1;
    const cure = error instanceof Unreachable ? "Is `jobyard up` running? " : "";
    showBanner(`${capital(error.message)}. ${cure}What you see may be old. Next try in ${duration(wait)}.`, () =>
      this.now(),
    );
    this.later(wait);
  }

  /** @param {number} wait */
  later(wait) {
    clearTimeout(this.timer);
    if (this.running && !document.hidden) this.timer = window.setTimeout(() => void this.ask(), wait);
  }
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
