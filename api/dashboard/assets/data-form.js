// @ts-check
// A job's data: fields where its schema is simple, JSON otherwise or if somebody likes that better.

import { parse } from "./api.js";
import { h } from "./dom.js";
import { field, group, Unusable } from "./fields.js";
import { pretty } from "./format.js";
import { isForm, shapeOf } from "./schema.js";

/**
 * @param {any} schema
 * @param {unknown} like data to begin with; undefined: none
 */
export function dataForm(schema, like) {
  const fields = isForm(schema) ? group("data", shapeOf(schema, schema, 0).schema, schema, true, "data", 0) : null;
  const json = field("data", {}, {}, true, "data", 1);
  let asJson = fields === null || (like !== undefined && !fits(like, schema));
  const place = h("div");
  const names = ["Fields", "JSON"].map((text, index) =>
    h("button", { type: "button", text, on: { click: () => change(index === 1) } }),
  );
  const choice = fields ? h("div", { class: "switch", role: "group", "aria-label": "Data as" }, ...names) : null;
  const node = h("div", {}, choice, place);
  const current = () => (asJson || fields === null ? json : fields);

  /** Takes along what has been written, if it can be. @param {boolean} wanted */
  function change(wanted) {
    if (wanted === asJson || fields === null) return;
    current().clear();
    try {
      const value = current().value();
      if (!wanted && !fits(value, schema)) return void json.fault("data", "The fields cannot show this.");
      (wanted ? json : fields).fill(value);
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      return;
    }
    asJson = wanted;
    show();
  }

  function show() {
    place.replaceChildren(current().node);
    names.forEach((name, index) => name.setAttribute("aria-pressed", String((index === 1) === asJson)));
  }

  json.fill(like ?? skeleton(schema));
  if (like !== undefined && !asJson) fields?.fill(like);
  show();
  return {
    node,
    value: () => sendable(current().value()),
    clear: () => current().clear(),
    fault: (/** @type {string} */ path, /** @type {string} */ message) => current().fault(path, message),
  };
}

/** Nothing written is null. @param {unknown} value */
const sendable = (value) => (typeof value === "symbol" ? null : value);

/**
 * Whether the fields can show a value whole: an object with no other names.
 * @param {any} value
 * @param {any} schema
 */
function fits(value, schema) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { properties } = shapeOf(schema, schema, 0).schema;
  return Object.entries(value).every(([name, inner]) => name in properties && inside(inner, properties[name], schema));
}

/** @param {unknown} value @param {any} schema @param {any} root */
function inside(value, schema, root) {
  const shape = shapeOf(schema, root, 1);
  // A field that is left empty means its default.
  if (value === null && shape.kind !== "json") return shape.nullable && (shape.schema.default ?? null) === null;
  if (shape.kind !== "group") return shape.kind !== "text" || typeof value === "string";
  const names = value && typeof value === "object" ? Object.keys(value) : [];
  return names.every((name) => name in shape.schema.properties);
}

/** What to begin with: the first example, or the required names. @param {any} schema */
function skeleton(schema) {
  if (schema.examples?.length) return parse(pretty(schema.examples[0]));
  const { required, properties } = shapeOf(schema, schema, 0).schema;
  return properties ? Object.fromEntries((required ?? []).map((/** @type {string} */ name) => [name, null])) : {};
}
