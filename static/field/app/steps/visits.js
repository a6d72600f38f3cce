// A visit as the pages of its steps see it: the pack with what this phone has done since.

import { laid } from "./laid.js";
import { account } from "./prices.js";

/** What was done at a visit on this phone and is not in the pack yet; what the office disputes counts for nothing. */
export const actsOf = (facts, id) => facts.filter((fact) => fact.visit === id && !fact.inDay && fact.state !== "disputed");

/** { visit, now, total, due, acts }: `now` as `laid` tells it, money in fen. */
export function seen(state, visit) {
  const acts = actsOf(state.facts, visit.id), stop = state.day.pack.visits.find(({ id }) => id === visit.id);
  const now = laid(state.day.pack, stop, acts);
  return { visit, stop, acts, now, ...account(now) };
}

const CHANGES = ["line.", "part.", "test.", "charge.", "payment."];

/** The customer's newest word: { signer, refused, reason, at, changed }, null for none. */
export function word(stop, acts) {
  let said = stop.signature;
  for (const { kind, content, at } of acts) {
    if (kind === "sign" || kind === "sign.refuse") said = { signer: content.signer, refused: kind === "sign.refuse", reason: content.reason ?? null, at, changed: false };
    else if (said && CHANGES.some((begin) => kind.startsWith(begin))) said = { ...said, changed: true };
  }
  return said;
}

export const address = (visit, step, line = null) => `#visit/${visit.id}/${step}${line === null ? "" : `/${line}`}`;
