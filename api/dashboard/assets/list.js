// @ts-check
// Lists that follow their data: what stays is updated in its place and not moved, so that focus, selection and the place
// on the screen stay too. Of those that have changed places as few as can be are moved.

/**
 * @template T
 * @typedef {{node: HTMLElement, update: (item: T) => void}} Part an element that shows an item
 */

/**
 * Keeps an element's children in line with a list.
 * @template T
 * @param {HTMLElement} parent
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => Part<T>} make
 * @returns {(items: T[]) => void}
 */
export function list(parent, keyOf, make) {
  /** @type {Map<string, Part<T>>} */
  let parts = new Map();
  return (items) => {
    const focused = document.activeElement;
    const before = new Map([...parts.keys()].map((key, index) => [key, index]));
    const next = new Map(items.map((item) => [keyOf(item), parts.get(keyOf(item)) ?? make(item)]));
    for (const [key, part] of parts) if (!next.has(key)) part.node.remove();
    const steady = inOrder(
      [...next.keys()].filter((key) => before.has(key)),
      before,
    );
    let place = parent.firstChild;
    for (const [key, part] of next) {
      if (!steady.has(key)) parent.insertBefore(part.node, place);
      place = part.node.nextSibling;
    }
    for (const item of items) next.get(keyOf(item))?.update(item);
    parts = next;
    // What is moved loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement && parent.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  };
}

/**
 * As many of these keys as can be that follow each other as they did before: a longest increasing subsequence.
 * @param {string[]} keys
 * @param {Map<string, number>} before
 * @returns {Set<string>}
 */
function inOrder(keys, before) {
  /** For each length the end of the run of that length that ends lowest. @type {{at: number, key: string, from: any}[]} */
  const ends = [];
  for (const key of keys) {
    const at = /** @type {number} */ (before.get(key));
    const length = ends.findIndex((end) => end.at > at);
    const place = length === -1 ? ends.length : length;
    ends[place] = { at, key, from: ends[place - 1] ?? null };
  }
  const found = new Set();
  for (let one = ends.at(-1); one; one = one.from) found.add(one.key);
  return found;
}
