// What the customer reads before he signs, out of the pack and what was done on this phone since: a pure function, the same to the
// letter as dispatch/field/summary.py makes it out of the record. Money is counted in fen.

const fen = (text) => Math.round(Number(text) * 100);
const yuan = (count) => `${count < 0 ? "-" : ""}${Math.floor(Math.abs(count) / 100)}.${String(Math.abs(count) % 100).padStart(2, "0")}`;

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

// --- what things cost: an offer of the pack, so many of it, as rows of the bill; `left` counts what may still take a quoted price.

export function chargesOf(offer, quantity, quoted, left) {
  const row = (count, price, rule, free) => ({
    code: offer.code, name: offer.name, quantity: count, rule, unit_price: yuan(price), amount: yuan(free ? 0 : count * price),
  });
  const agreed = offer.free ? undefined : quoted[offer.code];
  if (!agreed) return [row(quantity, fen(offer.price), offer.rule, offer.free)];
  const before = left[offer.code] ?? agreed.left;
  const cheap = Math.max(0, Math.min(quantity, before));
  left[offer.code] = before - cheap;
  const rows = [];
  if (cheap) rows.push(row(cheap, fen(agreed.price), "quoted_price", false));
  if (quantity > cheap) rows.push(row(quantity - cheap, fen(offer.price), offer.rule, offer.free));
  return rows;
}

export function offerOfUnit(stop, lineId, unitId) {
  return stop.prices.fits.find((one) => one.lines.includes(lineId) && one.units.includes(unitId))?.offer ?? null;
}

export function offerOf(stop, lineId, code) {
  const every = [...stop.prices.services, ...stop.prices.parts];
  return every.find((one) => one.offer.code === code && (one.lines === null || one.lines.includes(lineId)))?.offer ?? null;
}

// --- the acts of this phone laid over the pack, in their order. `acts`: [{kind, content}], the facts that the pack does not have.

export function summaryOf(pack, stop, acts) {
  const day = {
    pack, stop, left: {}, inside: structuredClone(Object.fromEntries(stop.lines.map((line) => [line.id, line.inside[line.role] ?? {}]))),
    summary: structuredClone(stop.summary),
  };
  for (const act of acts) APPLY[act.kind]?.(day, act.content);
  const sum = (rows) => rows.reduce((total, row) => total + fen(row.amount), 0);
  day.summary.total = yuan(sum(day.summary.charges));
  day.summary.due = yuan(sum(day.summary.charges) - sum(day.summary.receipts));
  return day.summary;
}

const lineOf = (day, id) => day.summary.lines.find((told) => told.position === day.stop.lines.find((line) => line.id === id)?.position);
const folded = (text) => String(text).normalize("NFKC").toUpperCase().replace(/[\s\-]/g, "");

function unitNamed(day, kind, number) {
  const own = day.pack.bag.units.filter((unit) => unit.kind === kind), wanted = folded(number);
  const exact = own.filter((unit) => unit.scans.includes(wanted));
  const ending = exact.length ? exact : own.filter((unit) => unit.scans.some((scan) => scan.endsWith(wanted)));
  return ending.length === 1 ? ending[0] : null;
}

function fit(day, content, swap) {
  const line = lineOf(day, content.line);
  for (const kind of ["terminal", "sim"]) {
    const unit = content[kind] ? unitNamed(day, kind, content[kind]) : null;
    if (!line || !unit) continue;
    const old = swap ? day.inside[content.line][kind]?.numbers ?? null : null;
    line.fittings.push({ kind: swap ? "swap" : "install", unit_kind: kind, old, new: unit.numbers });
    line.tests = {};
    day.inside[content.line][kind] = unit;
    const offer = offerOfUnit(day.stop, content.line, unit.id);
    if (offer) day.summary.charges.push(...chargesOf(offer, 1, day.stop.prices.quoted, day.left));
  }
}

function charge(day, lineId, code, quantity) {
  const offer = offerOf(day.stop, lineId, code);
  if (offer) day.summary.charges.push(...chargesOf(offer, quantity, day.stop.prices.quoted, day.left));
}

const APPLY = {
  "line.install": (day, content) => fit(day, content, false),
  "line.swap": (day, content) => fit(day, content, true),
  "line.done": (day, content) => { const line = lineOf(day, content.line); if (line) line.status = "done"; },
  "test.run": (day, content) => {
    const line = lineOf(day, content.line);
    for (const [item, told] of Object.entries(content.results)) if (line) line.tests[item] = told.result;
  },
  "part.use": (day, content) => {
    const line = lineOf(day, content.line), part = day.pack.bag.parts.find((one) => one.code === content.code);
    if (!line || !part) return;
    (line.parts ??= []).push({ code: part.code, name: part.name, unit: part.unit, quantity: content.quantity });
    charge(day, content.line, content.code, content.quantity);
  },
  "charge.add": (day, content) => charge(day, content.line ?? null, content.code, content.quantity),
  "payment.take": (day, content) => day.summary.receipts.push({
    number: content.number, channel: content.channel, amount: yuan(fen(content.amount)), invoice_number: content.invoice_number ?? null,
  }),
};
