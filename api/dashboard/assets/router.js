// @ts-check
// Addresses: #/jobs?status=failed is the view `jobs` with its parameters, #/job/ID the view `job` of one thing.

import { query } from "./api.js";

/** @typedef {{view: string, rest: string, parameters: URLSearchParams}} Route */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [view, ...rest] = path.split("/");
  return { view: view || "overview", rest: unescaped(rest.join("/")), parameters: new URLSearchParams(search) };
}

/** @param {string} text */
function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string} id */
export const toJob = (id) => `#/job/${encodeURIComponent(id)}`;

/** @param {string} id */
export const toReplay = (id) => `#/replay/${encodeURIComponent(id)}`;

/** @param {string} id @param {{matched: number, exact: boolean}} count how many it is for, as far as is known */
export const toOperation = (id, { matched, exact }) =>
  `#/operation/${encodeURIComponent(id)}?${new URLSearchParams({ of: String(matched), exact: String(exact) })}`;

/** @param {string} id */
export const toFlow = (id) => `#/flow/${encodeURIComponent(id)}`;

/** @param {Record<string, string | null>} parameters what the entries must have */
export const toAudit = (parameters) => `#/audit${query(parameters)}`;

/** @param {string} type */
export const toDead = (type) => `#/dead/${encodeURIComponent(type)}`;

/** @param {Record<string, string | null>} parameters */
export const toJobs = (parameters) => `#/jobs${query(parameters)}`;

/** @param {Record<string, string>} parameters */
export const toNew = (parameters) => `#/new?${new URLSearchParams(parameters)}`;
