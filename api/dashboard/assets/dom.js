// @ts-check
// Elements, and lists of them that follow their data. Every text goes in as text: nothing here makes markup of a string.

/**
 * Makes an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [props] attributes; `on` has listeners by event, `text` the text; null and false are left out
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "on")
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * An element of the page that is always there.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  const node = document.getElementById(id);
  if (node === null) throw new Error(`the page has no element ${id}`);
  return node;
}

/**
 * Sets a text if it differs, so that a selection in it stays.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Sets or removes an attribute if it differs.
 * @param {Element} node
 * @param {string} name
 * @param {string | null} value
 */
export function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/**
 * Shows one element in a place, and leaves it alone if it is there already.
 * @param {Element} place
 * @param {Node} node
 */
export function swap(place, node) {
  if (place.firstChild !== node) place.replaceChildren(node);
}

/**
 * A part of a view that is made anew only when what it shows has changed.
 * @template T
 * @param {HTMLElement} node
 * @param {(value: T) => (Node | string | null)[]} render no children: the part is hidden
 * @returns {(value: T) => void}
 */
export function region(node, render) {
  let shown = "";
  return (value) => {
    const text = JSON.stringify(value) ?? "";
    if (text === shown) return;
    shown = text;
    const children = render(value).filter((child) => child !== null);
    node.replaceChildren(...children);
    node.hidden = children.length === 0;
  };
}
