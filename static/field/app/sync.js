// When to send: at once, when there is signal again, when somebody looks, and after a while when it failed. One tab at a time.

import { sendAll } from "./sending.js";
import { delay, numbersLeft } from "./rules.js";
import { newKey } from "./keys.js";
import { Unanswered } from "./wire.js";

const FEW = 20; // receipt numbers
const LOOK = 120_000; // between two looks for what is new, while somebody looks at it
const LOCK = "dispatch-sync", FIRST = "dispatch-phone";

const alone = (work) => (navigator.locks ? navigator.locks.request(LOCK, work) : work());

/** `told(state)`: "sending", "done", or why it stopped ("away", "login", "other", "locked", "stuck"); `changed()`: look again. */
export function createSync({ outbox, wire, told, changed }) {
  let tries = 0, timer = null, running = null, again = false;

  async function round() {
    const me = (await outbox.me()) ?? { phone: first() };
    if (me.person) await send(me);
    if (me.locked) return;
    await fetchDay(me);
    const mine = await outbox.me();
    if (await leased(mine)) await fetchDay(mine);
    await outbox.tidy(mine.phone);
  }

  async function send(me) {
    await sendAll({ outbox, wire, me, told: ({ left }) => { if (left) told("sending"); changed(); } });
    if (me.locked) await wipe(me);
  }

  async function fetchDay(me) {
    const kept = me.person ? await outbox.day(me.phone) : null;
    const { status, said, answer } = await wire.ask(me.phone, "/api/field/day", { more: kept?.etag ? { "If-None-Match": kept.etag } : {} });
    const at = Date.now();
    if (status === 304) return outbox.keepDay({ ...kept, at });
    if (me.person && me.person !== said.me.id) throw new Unanswered("other");
    const mine = me.person ? me : await outbox.become(said.me.id, said.me.name, me.phone);
    localStorage.removeItem(FIRST);
    return outbox.keepDay({ phone: mine.phone, pack: said, etag: answer.headers.get("ETag"), at });
  }

  // With few receipt numbers left more are asked for. The office knows the phone from then on, and could lock it out.
  async function leased({ phone }) {
    const { pack } = await outbox.day(phone), left = numbersLeft(pack.receipts);
    if (left >= FEW || !pack.me.may.includes("fee.take")) return false;
    await wire.tell(phone, "/api/field/receipt-blocks", { known: pack.receipts.map(({ id }) => id), left });
    return true;
  }

  // Its owner lost it, or somebody took it: the day goes first, then what is unsent to the office, then everything.
  async function lockedOut(me) {
    if (!me.locked) await outbox.lock(me);
    await send({ ...me, locked: true });
  }

  async function wipe(me) {
    const left = (await outbox.waiting(me.phone)).facts;
    if (left) return;
    await wire.tell(me.phone, "/api/field/facts", { facts: [], wiped: true }).catch((failure) => { if (failure.why !== "locked") throw failure; });
    await outbox.wipe(me.phone);
    throw new Unanswered("wiped");
  }

  // A login that has ended may have been ended because the phone is not his any more.
  async function isShut(me) {
    return wire.ask(me.phone, `/api/field/phones/${me.phone}`).then(() => false, ({ why }) => why === "locked");
  }

  async function why(failure) {
    const me = await outbox.me();
    if (failure.why === "refused" && failure.status !== 404) return "stuck";
    if (!me?.person || !["login", "locked"].includes(failure.why)) return failure.why ?? "away";
    if (failure.why === "login" && !(await isShut(me))) return "login";
    return lockedOut(me).then(() => "locked", (next) => (next.why === "wiped" ? "wiped" : "locked"));
  }

  async function run() {
    let state = "done";
    try {
      await alone(round);
      tries = 0;
    } catch (failure) {
      if (!(failure instanceof Unanswered)) console.warn(failure);
      tries += 1;
      state = await why(failure).catch(() => "away");
    }
    told(state);
    changed();
    clearTimeout(timer);
    if (state === "wiped") return;
    timer = setTimeout(kick, tries ? delay(tries, Math.random()) : LOOK, false);
  }

  /** Send now; somebody's press forgets how often it failed. */
  async function kick(pressed = true) {
    if (pressed) tries = 0;
    if (running) return void (again = true);
    do {
      again = false;
      running = run();
      await running;
    } while (again);
    running = null;
  }

  addEventListener("online", () => kick());
  document.addEventListener("visibilitychange", () => { if (!document.hidden) kick(); });
  return { kick };
}

// Before it is known whose phone this is, it has a name already: the first answer may be lost.
function first() {
  const known = localStorage.getItem(FIRST) ?? newKey();
  localStorage.setItem(FIRST, known);
  return known;
}
