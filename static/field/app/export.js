// The last resort: everything of this person's that the office does not have yet, in a file that can be brought in there.

import { isOpen, isUnsent } from "./outbox.js";

const base64 = (bytes) => new Promise((done, failed) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
  reader.onerror = () => failed(reader.error);
  reader.readAsDataURL(new Blob([bytes]));
});

/** Line by line, so that half a file is still worth something: the phone, then each photo, then each fact. */
export async function exported(outbox, me, number) {
  const facts = (await outbox.facts(me.phone)).filter((fact) => isUnsent(fact) || isOpen(fact));
  const lines = [JSON.stringify({ format: "gps-dispatch/outbox/1", phone: me.phone, person: me.person, name: me.name, app: number, at: new Date().toISOString() })];
  for (const [, sha256] of await outbox.photoKeys(me.phone)) {
    const { bytes } = await outbox.photo(me.phone, sha256);
    lines.push(JSON.stringify({ sha256, bytes: await base64(bytes) }));
  }
  for (const { id, seq, kind, visit, at, content, spot } of facts) lines.push(JSON.stringify({ fact: { id, seq, kind, visit, at, content, spot } }));
  return new Blob([`${lines.join("\n")}\n`], { type: "application/x-ndjson" });
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
