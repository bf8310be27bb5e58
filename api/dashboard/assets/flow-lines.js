// @ts-check
// Lines between the steps of a flow, behind them. They say nothing that the steps do not say in words.

import { byId } from "./dom.js";

/** Lines above which a drawing tells less than no drawing. */
const MOST = 150;

/** @typedef {{from: HTMLElement | undefined, to: HTMLElement | undefined, status: string}} Edge */

/** @param {HTMLElement} within what has the steps; a change of its size moves them */
export function flowLines(within) {
  const [node, line] = drawing();
  /** @type {Edge[]} */
  let edges = [];
  const seen = new ResizeObserver(() => trace());
  seen.observe(within);

  function trace() {
    const origin = within.getBoundingClientRect();
    node.replaceChildren(...edges.map((edge) => traced(edge, origin)));
  }

  /** @param {Edge} edge @param {DOMRect} origin */
  function traced({ from, to, status }, origin) {
    const path = /** @type {SVGElement} */ (line.cloneNode());
    const [upper, lower] = [from, to].map((one) => /** @type {HTMLElement} */ (one).getBoundingClientRect());
    const [x1, y1] = [upper.left + upper.width / 2 - origin.left, upper.bottom - origin.top];
    const [x2, y2] = [lower.left + lower.width / 2 - origin.left, lower.top - origin.top];
    const middle = (y1 + y2) / 2;
    path.setAttribute("d", `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`);
    path.setAttribute("data-status", status);
    return path;
  }

  /** @param {Edge[]} wanted */
  function draw(wanted) {
    const whole = wanted.filter(({ from, to }) => from && to);
    edges = whole.length > MOST ? [] : whole;
    trace();
  }
  return { node, draw, stop: () => seen.disconnect() };
}

/** An empty drawing, and a line; the page has them, because only a parser knows an SVG's elements by their names alone. */
function drawing() {
  const node = /** @type {SVGElement} */ (byId("drawing").content.firstElementChild.cloneNode(true));
  const line = /** @type {SVGElement} */ (node.firstElementChild);
  line.remove();
  return [node, line];
}
