/**
 * The address of the page: where questions are kept, and what the browser's buttons go through.
 */

/** What stands after `#`. */
export function addressNow() {
  return location.hash.slice(1);
}

/**
 * Go to another address, without loading anything.
 *
 * @param {string} address
 */
export function goTo(address) {
  if (address === addressNow()) return;
  try {
    history.pushState(null, "", `#${address}`);
  } catch {
    location.hash = address; // A page in a sandbox may have no history of its own.
  }
}

/**
 * Call something whenever a person, a link or the browser's buttons changed the address.
 *
 * @param {() => void} onChange
 */
export function onAddress(onChange) {
  addEventListener("hashchange", onChange);
  addEventListener("popstate", onChange);
}

/**
 * The whole address of the page with something else after `#`.
 *
 * @param {string} address
 */
export function linkTo(address) {
  return `${location.href.split("#", 1)[0]}#${address}`;
}

/**
 * Put a text on the clipboard.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether that worked
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // Without a clipboard, or not allowed to use it.
  }
}
