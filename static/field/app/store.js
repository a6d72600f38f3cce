// The phone's store: whose phone this is, what he did, the photos that go with it, and the day. What belongs together is written in
// one transaction: a record is there whole, or not at all.

const NAME = "dispatch", FORMAT = 1;
const LAST = Number.MAX_SAFE_INTEGER;

export const asked = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});

export async function openStore(gone = () => null) {
  const opening = indexedDB.open(NAME, FORMAT);
  opening.onupgradeneeded = () => {
    const db = opening.result;
    db.createObjectStore("people", { keyPath: "phone" }); // { phone, person, name, next, current, locked }
    db.createObjectStore("facts", { keyPath: ["phone", "seq"] });
    const photos = db.createObjectStore("photos", { keyPath: ["phone", "sha256"] }); // { phone, sha256, bytes: ArrayBuffer, wrong }
    photos.createIndex("wrong", ["phone", "wrong"]);
    db.createObjectStore("days", { keyPath: "phone" }); // { phone, pack, etag, at }
  };
  const db = await asked(opening);
  db.onversionchange = () => db.close();
  db.onclose = gone;
  return db;
}

/** Does `work` with these tables in one transaction; resolves once all of it is on the disk, and else nothing of it is. */
export function within(db, names, mode, work) {
  return new Promise((done, failed) => {
    const all = db.transaction(names, mode, { durability: "strict" });
    const tables = Object.fromEntries(names.map((name) => [name, all.objectStore(name)]));
    let found;
    all.oncomplete = () => done(found);
    all.onabort = () => failed(all.error ?? new DOMException("", "AbortError"));
    Promise.resolve(work(tables)).then((value) => { found = value; }, (wrong) => {
      failed(wrong);
      try { all.abort(); } catch { /* it was over already */ }
    });
  });
}

/** Everything of a phone's in a table whose key begins with it. */
export const ofPhone = (phone) => IDBKeyRange.bound([phone, ""], [phone, []]);
export const factsOf = (phone, from = 0) => IDBKeyRange.bound([phone, from], [phone, LAST]);
