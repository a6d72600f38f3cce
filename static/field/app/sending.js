// Sends what is in the outbox: the photos of a batch first, by their content and in pieces, then its facts in their order.

import { isOpen, isUnsent } from "./outbox.js";
import { batch } from "./rules.js";
import { nameOf } from "./keys.js";
import { Unanswered } from "./wire.js";

const MOST = 50, PIECE = 256 * 1024, MOST_PIECES = 400;

/** Sends all there is; `told({ left })` hears how far it is. Fails with Unanswered where it cannot go on. */
export async function sendAll({ outbox, wire, me, told = () => null }) {
  let asking = true;
  for (;;) {
    const all = await outbox.facts(me.phone), unsent = all.filter(isUnsent);
    told({ left: unsent.length });
    const next = unsent.length ? batch(unsent, MOST) : asking ? all.filter(isOpen).slice(0, MOST) : [];
    if (!next.length) return;
    asking = asking && unsent.length > 0;
    for (const { content } of next) if (content?.sha256) await sendPhoto(outbox, wire, me.phone, content.sha256);
    if (!(await sendFacts({ outbox, wire, me, facts: next })) && unsent.length) throw new Unanswered("stuck");
  }
}

const onTheWire = ({ id, seq, kind, visit, at, content, spot }) => ({ id, seq, kind, visit, at, content, ...(spot ? { spot } : {}) });

/** Whether it went on: a batch of which nothing was taken is not sent again at once. */
async function sendFacts({ outbox, wire, me, facts }) {
  const said = await answered(wire, me.phone, { facts: facts.map(onTheWire) });
  if (!Array.isArray(said.facts)) throw new Unanswered("away");
  const lost = await outbox.take(me.phone, said.facts, said.next);
  return lost > 0 || said.facts.some(({ answer }) => answer !== "later");
}

// A phone that was locked out is told so with each answer: what it sent is kept all the same.
async function answered(wire, phone, what) {
  try {
    return (await wire.tell(phone, "/api/field/facts", what)).said ?? {};
  } catch (failure) {
    if (failure.why === "locked" && Array.isArray(failure.said?.facts)) return failure.said;
    throw failure;
  }
}

async function sendPhoto(outbox, wire, phone, sha256) {
  const kept = await outbox.photo(phone, sha256);
  if (!kept || kept.wrong) return;
  if ((await nameOf(kept.bytes)) !== sha256) return void (await outbox.refusePhoto(phone, sha256, "damaged"));
  const path = `/api/field/blobs/${sha256}`, size = kept.bytes.byteLength;
  try {
    let { received, done } = (await wire.ask(phone, path)).said;
    for (let n = 0; !done; n += 1) {
      if (n > MOST_PIECES) throw new Unanswered("stuck");
      ({ received, done } = await sendPiece(wire, phone, path, kept.bytes, received < size ? received : 0, size));
    }
  } catch (failure) {
    if (failure.why !== "refused") throw failure;
    await outbox.refusePhoto(phone, sha256, failure.said?.error ?? String(failure.status));
  }
}

async function sendPiece(wire, phone, path, bytes, from, size) {
  const body = bytes.slice(from, from + PIECE);
  const more = { "Content-Range": `bytes ${from}-${from + body.byteLength - 1}/${size}`, "Content-Type": "application/octet-stream" };
  return (await wire.ask(phone, path, { method: "PUT", body, more, patience: 120_000 })).said;
}
