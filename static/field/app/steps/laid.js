// A visit as it stands: what was done on this phone and is not in the pack yet, laid over the pack. Pure. Money is counted in fen.

import { chargesOf, offerOf, offerOfUnit } from "./prices.js";

const UNITS = ["terminal", "sim"];
const MAIN = "main";

/**
 * `acts`: [{ id, kind, content, at }], the facts that the pack does not have, in their order. Answers { lines, charges, receipts, unpriced }:
 * lines with their fittings and parts, charges with `row` (as the summary tells it), `told`, `line`, `id`, `fact` and `fitting`;
 * unpriced: the vehicles that got something whose price only the office can tell.
 */
export function laid(pack, stop, acts) {
  const day = {
    pack, stop, left: {}, unpriced: [], receipts: [...stop.summary.receipts],
    inside: Object.fromEntries(stop.lines.map(({ vehicle, inside }) => [vehicle.id, structuredClone(inside)])),
    lines: stop.lines.map((line) => lineOf(stop, line)),
    charges: stop.summary.charges.map((row, n) => ({ row, ...about(stop.charges[n]) })),
    uncharged: new Set(named(acts, "charge.take_back")),
  };
  const back = new Set([...named(acts, "line.undo"), ...named(acts, "part.put_back")]);
  for (const act of acts) if (!back.has(act.id)) APPLY[act.kind]?.(day, act.content, act);
  return { lines: day.lines, charges: day.charges, receipts: day.receipts, unpriced: day.unpriced };
}

const named = (acts, kind) => acts.filter((act) => act.kind === kind && act.content.fact).map((act) => act.content.fact);
const about = (charge) => ({ id: charge?.id ?? null, line: charge?.line ?? null, told: charge?.told ?? null, fitting: charge?.fitting ?? null, fact: charge?.fact ?? null });

// Each row of a vehicle beside what it is called by: fittings and parts that are taken back have to be found again.
function lineOf(stop, line) {
  const told = structuredClone(stop.summary.lines.find(({ position }) => position === line.position));
  return { id: line.id, told, fittings: told.fittings.map((one, n) => ({ told: one, ...line.fittings[n] })), parts: (told.parts ?? []).map((one, n) => ({ told: one, ...line.parts[n] })) };
}

/** The vehicle's line of the summary. */
export function toldOf({ told, fittings, parts }) {
  const { parts: gone, ...rest } = told;
  return { ...rest, fittings: fittings.map((one) => one.told), ...(parts.length ? { parts: parts.map((one) => one.told) } : {}) };
}

const lineAt = (day, id) => day.lines.find((line) => line.id === id);
const stopLine = (day, id) => day.stop.lines.find((line) => line.id === id);
const folded = (text) => String(text).normalize("NFKC").toUpperCase().replace(/[\s\-]/g, "");

export function unitNamed(pack, kind, number) {
  const own = pack.bag.units.filter((unit) => unit.kind === kind), wanted = folded(number);
  const exact = own.filter((unit) => unit.scans.includes(wanted));
  const ending = exact.length ? exact : own.filter((unit) => unit.scans.some((scan) => scan.endsWith(wanted)));
  return ending.length === 1 ? ending[0] : null;
}

// --- units

const roleIn = (day, content) => content.role || stopLine(day, content.line)?.role || MAIN;
const placeOf = (day, vehicle, role) => ((day.inside[vehicle] ??= {})[role] ??= {});

function noted(line, act, role, told) {
  line.fittings.push({ fact: act.id, told: { ...told, ...(role === MAIN ? {} : { role }) } });
  line.told.tests = {};
}

function fit(day, content, act, swap) {
  const line = lineAt(day, content.line), role = roleIn(day, content);
  if (!line) return;
  const place = placeOf(day, stopLine(day, content.line).vehicle.id, role);
  for (const kind of UNITS) {
    const unit = content[kind] ? unitNamed(day.pack, kind, content[kind]) : null;
    if (!unit) continue;
    const old = swap ? place[kind]?.numbers ?? null : null, lent = kind === "terminal" && content.lend_days != null ? dayAfter(act.at, content.lend_days, day.pack.zone) : null;
    noted(line, act, role, { kind: swap ? "swap" : "install", unit_kind: kind, old, new: unit.numbers, ...(lent ? { lent_until: lent } : {}) });
    if (!lent) sell(day, content, role, unit, place[kind], act);
    place[kind] = { ...unit, fresh: true };
  }
}

// Nobody can say on the phone what it costs to replace what was put in on this very order, or to change another place than the order's.
function sell(day, content, role, unit, before, act) {
  const offer = before?.fresh || role !== (stopLine(day, content.line).role || MAIN) ? null : offerOfUnit(day.stop, content.line, unit.id);
  if (offer) charge(day, content.line, offer, 1, act);
  else day.unpriced.push(content.line);
}

function dayAfter(at, days, zone) {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(at));
  return new Date(Date.parse(`${today}T00:00:00Z`) + Number(days) * 86_400_000).toISOString().slice(0, 10);
}

function remove(day, content, act) {
  const line = lineAt(day, content.line), role = roleIn(day, content);
  if (!line) return;
  const place = placeOf(day, stopLine(day, content.line).vehicle.id, role);
  for (const kind of UNITS) if (content.units?.includes(kind) && place[kind]) {
    noted(line, act, role, { kind: "remove", unit_kind: kind, old: place[kind].numbers, new: null });
    delete place[kind];
  }
}

/** A vehicle in a word. */
export const shown = ({ plate, vin }) => (plate ? (plate.length > 2 ? `${plate.slice(0, 2)}·${plate.slice(2)}` : plate) : vin ?? "—");

// Out of another vehicle of the visit: of one that is not in it the phone knows nothing.
function move(day, content, act) {
  const line = lineAt(day, content.line), role = roleIn(day, content), there = day.stop.lines.find(({ vehicle }) => vehicle.id === content.vehicle);
  if (!line || !there) return;
  const here = stopLine(day, content.line), from = placeOf(day, there.vehicle.id, role), to = placeOf(day, here.vehicle.id, role);
  for (const kind of UNITS) if (content.units?.includes(kind) && from[kind]) {
    const { numbers } = from[kind];
    noted(lineAt(day, there.id), act, role, { kind: "move_out", unit_kind: kind, old: numbers, new: null, vehicle: shown(there.vehicle), other_vehicle: shown(here.vehicle) });
    noted(line, act, role, { kind: "move_in", unit_kind: kind, old: null, new: numbers, vehicle: shown(here.vehicle), other_vehicle: shown(there.vehicle) });
    sell(day, content, role, from[kind], null, act);
    to[kind] = { ...from[kind], fresh: true };
    delete from[kind];
  }
}

const MOVES = ["move_in", "move_out"];

// One that the pack knows: the unit it replaced is in the vehicle again. What was done on this phone is simply not laid over.
function undo(day, content) {
  const is = (one) => (content.fact ? one.fact === content.fact : one.id === content.fitting);
  const gone = day.lines.flatMap((line) => line.fittings.filter((one) => is(one)));
  const moved = gone.filter(({ told }) => MOVES.includes(told.kind)).map(({ told }) => JSON.stringify(told.new ?? told.old));
  const goes = (one) => gone.includes(one) || (MOVES.includes(one.told.kind) && moved.includes(JSON.stringify(one.told.new ?? one.told.old)));
  for (const line of day.lines) {
    for (const { told, role } of line.fittings.filter(goes)) putBack(placeOf(day, stopLine(day, line.id).vehicle.id, role ?? told.role ?? MAIN), told);
    const ids = line.fittings.filter(goes).map(({ id }) => id);
    line.fittings = line.fittings.filter((one) => !goes(one));
    day.charges = day.charges.filter(({ fitting }) => fitting === null || !ids.includes(fitting));
  }
}

function putBack(place, { unit_kind: kind, old }) {
  if (old) place[kind] = { id: null, kind, numbers: old, scans: [] };
  else delete place[kind];
}

// --- parts, points, money

function charge(day, line, offer, quantity, act) {
  if (!offer || day.uncharged.has(act.id)) return;
  const own = line ?? (day.stop.lines.length === 1 && !day.stop.others ? day.stop.lines[0].id : null);
  for (const { told, ...row } of chargesOf(offer, quantity, day.stop.prices.quoted, day.left)) day.charges.push({ row, told, line: own, id: null, fitting: null, fact: act.id });
}

function use(day, content, act) {
  const line = lineAt(day, content.line), part = day.pack.bag.parts.find((one) => one.code === content.code);
  if (!line || !part) return;
  line.parts.push({ fact: act.id, told: { code: part.code, name: part.name, unit: part.unit, quantity: content.quantity } });
  charge(day, content.line, offerOf(day.stop, content.line, content.code), content.quantity, act);
}

function unuse(day, content) {
  for (const line of day.lines) for (const part of line.parts.filter((one) => (content.fact ? one.fact === content.fact : one.entry === content.entry))) {
    line.parts = line.parts.filter((one) => one !== part);
    day.charges = day.charges.filter((one) => one.fact === null || one.fact !== part.fact);
  }
}

const APPLY = {
  "line.install": (day, content, act) => fit(day, content, act, false),
  "line.swap": (day, content, act) => fit(day, content, act, true),
  "line.remove": remove,
  "line.move": move,
  "line.undo": undo,
  "line.done": (day, content) => { const line = lineAt(day, content.line); if (line) line.told.status = "done"; },
  "line.not_done": (day, content) => { const line = lineAt(day, content.line); if (line) line.told.status = content.how === "give_up" ? "not_done" : "residual"; },
  "test.run": (day, content) => {
    const line = lineAt(day, content.line);
    for (const [item, told] of Object.entries(content.results)) if (line) line.told.tests[item] = told.result;
  },
  "part.use": use,
  "part.put_back": unuse,
  "charge.add": (day, content, act) => charge(day, content.line ?? null, offerOf(day.stop, content.line, content.code), content.quantity, act),
  "charge.take_back": (day, content) => {
    day.charges = day.charges.filter(({ id, fact }) => (content.fact ? fact !== content.fact : id !== content.charge));
  },
  "payment.take": (day, content) => day.receipts.push({
    number: content.number ?? null, channel: content.channel, amount: Number(content.amount).toFixed(2), invoice_number: content.invoice_number ?? null,
  }),
};
