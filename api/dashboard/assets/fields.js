// @ts-check
// A form made from a JSON Schema. It refuses nothing but what is no JSON or no number: the API does, and says why.

import { parse } from "./api.js";
import { h, setText } from "./dom.js";
import { pretty } from "./format.js";
import { rules, shapeOf } from "./schema.js";

/** A field has a text that cannot be sent. */
export class Unusable extends Error {}

/** Stands for a field that is left out. */
export const ABSENT = Symbol("absent");

/**
 * @typedef {object} Field
 * @property {HTMLElement} node
 * @property {() => unknown} value ABSENT if it is left out; throws Unusable, having said why beside the field
 * @property {(value: unknown) => void} fill
 * @property {(path: string, message: string) => boolean} fault says what is wrong with it or with what is in it; false if that is not here
 * @property {() => void} clear takes that away
 * @property {() => void} focus
 */

let made = 0;

/**
 * @param {string} name
 * @param {any} schema
 * @param {any} root
 * @param {boolean} required
 * @param {string} path as the API names it: data.options.depth
 * @param {number} depth
 * @returns {Field}
 */
export function field(name, schema, root, required, path, depth) {
  const shape = shapeOf(schema, root, depth);
  if (shape.kind === "group") return group(name, shape.schema, root, required, path, depth);
  return labelled(name, shape, required, path);
}

/**
 * Several fields under one name; at depth 0 without one.
 * @param {string} name @param {any} schema @param {any} root @param {boolean} required @param {string} path @param {number} depth
 * @returns {Field}
 */
export function group(name, schema, root, required, path, depth) {
  const wanted = new Set(schema.required ?? []);
  const inner = Object.entries(schema.properties).map(([key, one]) => ({
    key,
    part: field(key, one, root, wanted.has(key), `${path}.${key}`, depth + 1),
  }));
  const legend = depth === 0 ? null : h("legend", { text: name });
  const node = h("fieldset", { class: depth === 0 ? "plain" : null }, legend, ...inner.map(({ part }) => part.node));
  return {
    node,
    value() {
      const rows = inner.map(({ key, part }) => [key, part.value()]).filter(([, value]) => value !== ABSENT);
      return rows.length || required || depth === 0 ? Object.fromEntries(rows) : ABSENT;
    },
    fill(value) {
      const given = /** @type {Record<string, unknown>} */ (value && typeof value === "object" ? value : {});
      for (const { key, part } of inner) part.fill(key in given ? given[key] : ABSENT);
    },
    fault: (at, message) => inner.some(({ part }) => part.fault(at, message)),
    clear: () => inner.forEach(({ part }) => part.clear()),
    focus: () => inner[0]?.part.focus(),
  };
}

/** @param {string} name @param {import("./schema.js").Shape} shape @param {boolean} required @param {string} path @returns {Field} */
function labelled(name, { kind, schema }, required, path) {
  const id = `field-${(made += 1)}`;
  const control = CONTROLS[kind === "group" ? "json" : kind](schema, required);
  control.input.id = id;
  control.input.setAttribute("aria-describedby", `${id}-hint ${id}-fault`);
  if (required) control.input.setAttribute("aria-required", "true");
  const wrong = h("p", { class: "fault", id: `${id}-fault` });
  const hint = [schema.description, rules(schema), byDefault(control, schema.default)].filter(Boolean).join(" · ");
  const optional = required ? null : h("span", { class: "hint", text: " optional" });
  const node = h(
    "div",
    { class: "field" },
    h("label", { for: id }, h("span", { text: name }), optional),
    control.input,
    h("p", { class: "hint", id: `${id}-hint`, text: hint }),
    wrong,
  );

  /** @param {string} message */
  function complain(message) {
    setText(wrong, message);
    if (message) control.input.setAttribute("aria-invalid", "true");
    else control.input.removeAttribute("aria-invalid");
  }
  return {
    node,
    value() {
      try {
        return control.value();
      } catch (error) {
        complain(error instanceof Error ? error.message : String(error));
        throw new Unusable(path);
      }
    },
    fill: control.fill,
    fault(at, message) {
      const here = at === path || at.startsWith(`${path}.`) || at.startsWith(`${path}[`);
      if (here) complain(at === path ? message : `${at.slice(path.length + 1)}: ${message}`);
      return here;
    },
    clear: () => complain(""),
    focus: () => control.input.focus(),
  };
}

/** What an empty field means; a choice says it itself. @param {Control} control @param {unknown} value */
function byDefault({ input }, value) {
  return value === undefined || value === null || input instanceof HTMLSelectElement
    ? ""
    : `${JSON.stringify(value)} if empty`;
}

/** @typedef {{input: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, value: () => unknown, fill: (value: unknown) => void}} Control */

/** @type {Record<"text" | "number" | "choice" | "flag" | "json", (schema: any, required: boolean) => Control>} */
const CONTROLS = {
  text(schema, required) {
    const input = h("input", { type: "text", autocomplete: "off", placeholder: example(schema) });
    return {
      input,
      value: () => (input.value === "" && !required ? ABSENT : input.value),
      fill: (value) => (input.value = value === ABSENT || value === null ? "" : String(value)),
    };
  },
  number(schema) {
    const input = h("input", {
      type: "text",
      inputmode: schema.type === "integer" ? "numeric" : "decimal",
      autocomplete: "off",
      placeholder: example(schema),
    });
    return {
      input,
      value: () => (input.value.trim() === "" ? ABSENT : numberIn(input.value)),
      fill: (value) => (input.value = value === ABSENT || value === null ? "" : pretty(value)),
    };
  },
  choice: (schema, required) => choice(schema.enum ?? [schema.const], schema.default, required),
  flag: (schema, required) => choice([true, false], schema.default, required),
  json(schema) {
    const input = h("textarea", { rows: 3, spellcheck: "false", placeholder: schema.type === "array" ? "[]" : "JSON" });
    return {
      input,
      value: () => (input.value.trim() === "" ? ABSENT : jsonIn(input.value)),
      fill: (value) => (input.value = value === ABSENT ? "" : pretty(value)),
    };
  },
};

/** @param {any[]} values @param {unknown} byDefault @param {boolean} required @returns {Control} */
function choice(values, byDefault, required) {
  const none = required
    ? null
    : h("option", { value: "", text: byDefault === undefined || byDefault === null ? "" : `${byDefault} (default)` });
  const input = h(
    "select",
    {},
    none,
    ...values.map((value) => h("option", { value: JSON.stringify(value), text: String(value) })),
  );
  const empty = required ? JSON.stringify(values[0]) : "";
  return {
    input,
    value: () => (input.value === "" ? ABSENT : JSON.parse(input.value)),
    fill: (value) => (input.value = value === ABSENT || value === null ? empty : JSON.stringify(value)),
  };
}

/** @param {any} schema */
const example = (schema) => (schema.examples?.length ? `such as ${schema.examples[0]}` : null);

/** @param {string} text */
function numberIn(text) {
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim())) throw new Error(`${text.trim()} is no number`);
  return parse(text.trim());
}

/** @param {string} text */
export function jsonIn(text) {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`This is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
