// What was done and is to be told to the server: kept the moment it is done, and until the server has said what became of it.

import { newKey, nameOf } from "./keys.js";
import { moment } from "./rules.js";
import { asked, factsOf, ofPhone, within } from "./store.js";

const KEPT_FOR = 30 * 86_400_000; // what was sent long ago is let go of

export const isUnsent = ({ sent }) => !sent;
export const isOpen = ({ state }) => state === "new" || state === "waiting";

export function createOutbox(db) {
  const one = (name, mode, work) => within(db, [name], mode, (tables) => work(tables[name]));

  /** Whose phone this is at present; undefined before anybody has signed in. */
  const me = () => one("people", "readonly", async (people) => (await asked(people.getAll())).find(({ current }) => current));

  /** From now on it is this person's; who was here before keeps what he has not sent, and nothing else of him stays. */
  const become = (person, name, key = newKey()) => within(db, ["people", "days"], "readwrite", async ({ people, days }) => {
    const all = await asked(people.getAll()), known = all.find((one) => one.person === person);
    const mine = known ?? { phone: key, person, next: 1 };
    for (const other of all) if (other.phone !== mine.phone) {
      days.delete(other.phone);
      people.put({ ...other, current: false });
    }
    people.put({ ...mine, name, current: true });
    return { ...mine, name, current: true };
  });

  /**
   * Keeps what was done, all of it or nothing: [{ kind, visit, content, spot, photo: ArrayBuffer, id }]; an `id` where another
   * of them names it. Fails with QuotaExceededError when the phone is full.
   */
  async function add(acts, { at = new Date() } = {}) {
    const made = await Promise.all(acts.map(async ({ photo, content = {}, spot = null, kind, visit, id = newKey() }) => ({
      photo,
      fact: { id, kind, visit, at: moment(at), content: photo ? { ...content, sha256: await nameOf(photo) } : content, spot },
    })));
    return within(db, ["people", "facts", "photos"], "readwrite", async ({ people, facts, photos }) => {
      const mine = (await asked(people.getAll())).find(({ current }) => current);
      if (!mine) throw new Error("nobody");
      const kept = made.map(({ fact }, n) => ({ phone: mine.phone, seq: mine.next + n, sent: false, ...fact }));
      people.put({ ...mine, next: mine.next + kept.length });
      for (const fact of kept) facts.add(fact);
      for (const [n, { photo }] of made.entries()) if (photo) photos.put({ phone: mine.phone, sha256: kept[n].content.sha256, bytes: photo });
      return kept;
    });
  }

  const facts = (phone, from = 0) => one("facts", "readonly", (table) => asked(table.getAll(factsOf(phone, from))));
  const photo = (phone, sha256) => one("photos", "readonly", (table) => asked(table.get([phone, sha256])));
  const photoKeys = (phone) => one("photos", "readonly", (table) => asked(table.getAllKeys(ofPhone(phone))));

  const wrongPhotos = (phone) => one("photos", "readonly", async (table) => (await asked(table.index("wrong").getAll(ofPhone(phone)))).map(({ wrong }) => wrong));

  /** How much is still to be sent: of this person, and of others who used this phone. */
  const waiting = (phone) => within(db, ["facts", "photos"], "readonly", async (tables) => {
    const all = await asked(tables.facts.getAll()), unsent = all.filter(isUnsent);
    const photos = await asked(tables.photos.getAllKeys(ofPhone(phone ?? "")));
    return { facts: unsent.filter((one) => one.phone === phone).length, photos: photos.length, others: unsent.filter((one) => one.phone !== phone).length };
  });

  /** Notes what the server said of each. A photo has done its duty when the fact that names it has come to its end. */
  const take = (phone, answers, next) => within(db, ["facts", "photos"], "readwrite", async (tables) => {
    for (const { id, seq, answer, state, told } of answers) {
      const fact = await asked(tables.facts.get([phone, seq ?? 0]));
      if (fact?.id !== id || answer === "later") continue;
      const now = { ...fact, sent: true, state, told };
      tables.facts.put(now);
      if (now.content?.sha256 && !isOpen(now)) tables.photos.delete([phone, now.content.sha256]);
    }
    const lost = (await asked(tables.facts.getAll(factsOf(phone, next)))).filter(({ sent }) => sent);
    for (const fact of lost) tables.facts.put({ ...fact, sent: false, inDay: false });
    return lost.length;
  });

  const refusePhoto = (phone, sha256, wrong) => one("photos", "readwrite", async (table) => {
    const found = await asked(table.get([phone, sha256]));
    if (found) table.put({ ...found, wrong });
  });

  /** Lets go of what the server has had for long. */
  const tidy = (phone) => one("facts", "readwrite", async (table) => {
    const before = Date.now() - KEPT_FOR;
    for (const fact of await asked(table.getAll(factsOf(phone)))) {
      if (fact.sent && !isOpen(fact) && Date.parse(fact.at) < before) table.delete([phone, fact.seq]);
    }
  });

  const day = (phone) => one("days", "readonly", (table) => asked(table.get(phone)));

  /** A day as it was just fetched: what had come to its end before is in it, and is not laid over it any more (`inDay`). */
  const keepDay = (kept) => within(db, ["days", "facts"], "readwrite", async ({ days, facts: table }) => {
    days.put(kept);
    for (const fact of await asked(table.getAll(factsOf(kept.phone)))) if (fact.sent && !fact.inDay && !isOpen(fact)) table.put({ ...fact, inDay: true });
  });

  /** It was locked out: the day goes at once, the rest when the office has it. */
  const lock = (mine) => within(db, ["people", "days"], "readwrite", async ({ people, days }) => {
    people.put({ ...mine, locked: true });
    days.delete(mine.phone);
  });
  const wipe = (phone) => within(db, ["people", "days", "facts", "photos"], "readwrite", async (tables) => {
    tables.people.delete(phone);
    tables.days.delete(phone);
    tables.facts.delete(factsOf(phone));
    tables.photos.delete(ofPhone(phone));
  });

  return { me, become, add, facts, photo, photoKeys, wrongPhotos, waiting, take, refusePhoto, tidy, day, keepDay, lock, wipe };
}
