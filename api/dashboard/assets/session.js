// @ts-check
// The token: kept for this tab only, taken from the link that `jobyard up` prints, and out of the address bar at once.

const KEY = "jobyard.token";

/** @typedef {{tenant: string, sub: string, scope: string, exp: number}} Claims */

/** @returns {string | null} */
export const token = () => sessionStorage.getItem(KEY);

/** Forgets the token. */
export const forget = () => sessionStorage.removeItem(KEY);

/**
 * The token in what somebody pasted: the token itself, with or without `Bearer`, or the whole link.
 * @param {string} pasted
 */
export function tokenIn(pasted) {
  const text = pasted
    .trim()
    .replace(/^bearer\s+/i, "")
    .replace(/^(["'])(.*)\1$/, "$2");
  const link = /#token=([^&\s]+)/.exec(text);
  return link ? decode(link[1]) : text;
}

/** @param {string} value */
export const keep = (value) => sessionStorage.setItem(KEY, value);

/** Takes a token out of the address bar, before anything else happens; true if there was one. */
export function takeFromAddress() {
  const link = /^#token=([^&]+)/.exec(location.hash);
  if (link === null) return false;
  history.replaceState(null, "", `${location.pathname}${location.search}#/`);
  keep(decode(link[1]));
  return true;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * What the token says of its bearer; only to show it. The API decides what it may do.
 * @returns {Claims | null}
 */
export function claims() {
  try {
    const body = (token() ?? "").split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(body), (char) => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/**
 * Whether the token has a scope. What cannot be read is left to the API to refuse.
 * @param {string} scope
 */
export function may(scope) {
  const found = claims();
  return (
    found === null ||
    String(found.scope ?? "jobs:read jobs:write")
      .split(" ")
      .includes(scope)
  );
}
