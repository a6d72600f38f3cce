// What the customer reads before he signs, out of the pack and what was done on this phone since: a pure function, the same to the
// letter as dispatch/field/summary.py makes it out of the record.

import { laid, toldOf } from "./laid.js";
import { account, yuan } from "./prices.js";

// The one JSON form: sorted names, no blanks.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

export async function hashOf(summary) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(summary)));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `acts`: what was done on this phone and is not in the pack yet, in its order. */
export function summaryOf(pack, stop, acts) {
  const now = laid(pack, stop, acts);
  return summaryAs({ stop, now, ...account(now) });
}

/** The same of a visit that was laid out before, as `seen` gives it. */
export function summaryAs({ stop, now, total, due }) {
  return { ...stop.summary, lines: now.lines.map(toldOf), charges: now.charges.map(({ row }) => row), receipts: now.receipts, total: yuan(total), due: yuan(due) };
}
