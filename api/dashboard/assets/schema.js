// @ts-check
// Reads a JSON Schema as pydantic writes them: what kind of field a value needs.

/** @typedef {any} Schema */
/** @typedef {{kind: "text" | "number" | "choice" | "flag" | "group" | "json", schema: Schema, nullable: boolean}} Shape */

/** Groups within groups that are shown as fields; deeper ones are JSON. */
const DEEPEST = 2;

/**
 * @param {Schema} schema
 * @param {Schema} root where $ref points into
 * @param {number} depth
 * @returns {Shape}
 */
export function shapeOf(schema, root, depth) {
  const { found, nullable } = unwrapped(schema, root);
  return { kind: kindOf(found, depth), schema: found, nullable };
}

/** @param {Schema} found @param {number} depth @returns {Shape["kind"]} */
function kindOf(found, depth) {
  if (Array.isArray(found.enum)) return found.enum.every(isPlain) ? "choice" : "json";
  if (found.const !== undefined) return isPlain(found.const) ? "choice" : "json";
  if (found.type === "string") return "text";
  if (found.type === "integer" || found.type === "number") return "number";
  if (found.type === "boolean") return "flag";
  const isGroup = found.type === "object" && found.properties && Object.keys(found.properties).length > 0;
  return isGroup && depth < DEEPEST ? "group" : "json";
}

/** @param {unknown} value */
const isPlain = (value) => ["string", "number", "boolean"].includes(typeof value);

/**
 * Follows references, and takes `null` off a choice of two. What stands beside a reference (title, default) counts.
 * @param {Schema} schema
 * @param {Schema} root
 */
function unwrapped(schema, root) {
  let found = schema;
  let nullable = false;
  // A schema may refer to itself: what goes on for long is JSON.
  for (let step = 0; step < 10; step += 1) {
    const { $ref, anyOf, allOf, ...beside } = found;
    const others = anyOf?.filter((/** @type {Schema} */ one) => one.type !== "null");
    if ($ref) found = { ...target($ref, root), ...beside };
    else if (allOf?.length === 1) found = { ...allOf[0], ...beside };
    else if (anyOf && others.length === 1) {
      nullable ||= others.length < anyOf.length;
      found = { ...others[0], ...beside };
    } else break;
  }
  return { found, nullable };
}

/** @param {string} reference @param {Schema} root */
function target(reference, root) {
  const parts = reference.replace(/^#\//, "").split("/");
  return parts.reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], root) ?? {};
}

/** Whether a schema can be a form at all. @param {Schema} schema */
export const isForm = (schema) => shapeOf(schema, schema, 0).kind === "group";

/**
 * What a field takes, in words.
 * @param {Schema} schema
 */
export function rules(schema) {
  const words = [];
  if (schema.type === "integer") words.push("a whole number");
  if (schema.type === "number") words.push("a number");
  words.push(range(schema.minimum, schema.maximum, ""), range(schema.minLength, schema.maxLength, " characters"));
  if (schema.exclusiveMinimum !== undefined) words.push(`above ${schema.exclusiveMinimum}`);
  if (schema.exclusiveMaximum !== undefined) words.push(`below ${schema.exclusiveMaximum}`);
  if (schema.format) words.push(`as ${schema.format}`);
  if (schema.pattern) words.push(`matching ${schema.pattern}`);
  return words.filter(Boolean).join(", ");
}

/** @param {number | undefined} least @param {number | undefined} most @param {string} unit */
function range(least, most, unit) {
  if (least === undefined && most === undefined) return "";
  if (most === undefined) return least ? `at least ${least}${unit}` : unit ? "" : "not below 0";
  return least ? `${least} to ${most}${unit}` : `up to ${most}${unit}`;
}
