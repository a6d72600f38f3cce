// What the app decides without the phone: pure, tested with tests/field/app/vectors.json.

export const SHORTEST = 2000, LONGEST = 300_000; // milliseconds between two tries

/** How long to wait after so many tries in vain: twice as long each time, and never all phones at once. `chance`: 0 to 1. */
export function delay(tries, chance) {
  return Math.round(Math.min(LONGEST, SHORTEST * 2 ** (tries - 1)) * (0.5 + chance / 2));
}

const two = (number) => String(Math.abs(number)).padStart(2, "0");

/** A moment as this phone's clock shows it, with its offset. `minutes`: what `getTimezoneOffset` says. */
export function moment(date, minutes = date.getTimezoneOffset()) {
  const there = new Date(date.getTime() - minutes * 60_000).toISOString().slice(0, -1);
  return `${there}${minutes > 0 ? "-" : "+"}${two(Math.trunc(minutes / 60))}:${two(minutes % 60)}`;
}

const RANK = ["planned", "dispatched", "on_the_way", "on_site", "finished"];
const LEADS_TO = { "visit.depart": "on_the_way", "visit.arrive": "on_site", "visit.finish": "finished", "visit.abandon": "abandoned" };

/** How a visit stands by the record and by what this phone has done since: what the office disputes counts for nothing. */
export function standing(visit, facts) {
  let status = visit.status;
  for (const { kind, visit: id, state } of facts) {
    const to = id === visit.id && state !== "disputed" ? LEADS_TO[kind] : null;
    if (to === "abandoned" || (to && RANK.indexOf(to) > RANK.indexOf(status))) status = to;
  }
  return status;
}

/** The one thing to do at a visit. */
export const nextStep = (status) => ({ dispatched: "depart", on_the_way: "arrive", on_site: "photo" })[status] ?? null;

/** The visit to be at: where he is or goes, else the first that he has not begun. `visits`: [{ id, status }] in their order. */
export function here(visits) {
  const under = visits.find(({ status }) => status === "on_site") ?? visits.find(({ status }) => status === "on_the_way");
  return under ?? visits.find(({ status }) => status === "dispatched") ?? null;
}

/** What goes out next: the first of what is unsent, in order and without a gap. */
export function batch(unsent, most) {
  const first = unsent[0]?.seq ?? 0;
  return unsent.slice(0, most).filter(({ seq }, n) => seq === first + n);
}

/** Which facts the server no longer has (it was set back to a backup): it waits for `next`, and they were sent before. */
export const forgotten = (facts, next) => facts.filter(({ seq, sent }) => sent && seq >= next);

/** How many receipt numbers these blocks still have. */
export const numbersLeft = (blocks) => blocks.reduce((left, { last, next }) => left + Math.max(0, last - next + 1), 0);

/** A sentence of the server's, in the reader's words. */
export function said(told, words) {
  const { msgid, params = {} } = typeof told === "string" ? { msgid: told } : told;
  return (words?.[msgid] ?? msgid).replace(/%\((\w+)\)[sd]/g, (whole, name) => (name in params ? said2(params[name], words) : whole)).replaceAll("%%", "%");
}

const said2 = (value, words) => (value !== null && typeof value === "object" ? said(value, words) : String(value));
