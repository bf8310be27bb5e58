// @ts-check
// The HTTP API, which is all that the dashboard knows of the world.

import { heardDate } from "./format.js";
import { token } from "./session.js";

// This file is at PREFIX/jobs/assets/DIGEST/api.js; a stage of API Gateway is such a prefix.
const ROOT = new URL("../../../api/v1/jobs", import.meta.url).href;
/** Milliseconds that an answer may take: API Gateway gives up at 30 s. */
const PATIENCE = 30_000;

/** @typedef {{field: string, message: string, value?: unknown, suggestion?: string}} Fault */

/** What the API refuses, in its own words. */
export class Problem extends Error {
  /** @param {number} status @param {any} document @param {string | null} retryAfter */
  constructor(status, document, retryAfter) {
    super(document?.detail ?? document?.title ?? `the server answered ${status}`);
    this.status = status;
    /** @type {Fault[]} */
    this.faults = document?.errors ?? [];
    /** Seconds. */
    this.retryAfter = Number(retryAfter) || 0;
  }

  /** Whether the same request may succeed later. */
  get passes() {
    return this.status >= 500 || this.status === 429;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** @typedef {{text: string, value: any, status: number}} Answer */

/**
 * Asks the API.
 * @param {string} path below /api/v1/jobs
 * @param {{method?: string, body?: unknown, signal?: AbortSignal, good?: number[]}} [options] good: statuses above 399 that are answers
 * @returns {Promise<Answer>}
 */
export async function call(path, { method = "GET", body, signal, good = [] } = {}) {
  const limit = AbortSignal.timeout(PATIENCE);
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", Authorization: `Bearer ${token() ?? ""}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let reply, text;
  try {
    reply = await fetch(ROOT + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = await reply.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable(`${location.host} does not answer`);
  }
  heardDate(reply.headers.get("Date"));
  const value = read(text);
  if (!reply.ok && !good.includes(reply.status))
    throw new Problem(reply.status, value, reply.headers.get("Retry-After"));
  return { text, value, status: reply.status };
}

/** @param {string} text */
function read(text) {
  try {
    return parse(text);
  } catch {
    return null;
  }
}

/**
 * JSON with integers beyond 2^53 as they were written, where the browser can keep them.
 * @param {string} text
 */
export function parse(text) {
  const raw = /** @type {any} */ (JSON).rawJSON;
  if (raw === undefined) return JSON.parse(text);
  /** @type {any} */
  const exact = (/** @type {string} */ _, /** @type {unknown} */ value, /** @type {{source?: string}} */ context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? raw(context.source)
      : value;
  return JSON.parse(text, exact);
}

/** @param {Record<string, string | null | undefined>} parameters */
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(/** @type {[string, string][]} */ (given))}` : "";
}

/** @param {string} id */
export const jobPath = (id) => `/${encodeURIComponent(id)}`;

/** @param {string} id */
export const flowPath = (id) => `/flows/${encodeURIComponent(id)}`;

/** @type {Promise<any[]> | null} */
let types = null;

/** The job types, asked for once. @returns {Promise<any[]>} */
export function jobTypes() {
  types ??= call("/types").then(
    (answer) => answer.value.types,
    (error) => {
      types = null;
      throw error;
    },
  );
  return types;
}

/** Forgets what another token may not have seen. */
export const forgetTypes = () => (types = null);
