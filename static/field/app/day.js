// The day: its visits in order, with the one to be at first in view.

import { el, icon, note, plate, status } from "./dom.js";
import { here, standing } from "./rules.js";
import { age, clock, date, ofDay, t, wordOf } from "./words.js";

export const visitsOf = ({ day, facts }) => day.pack.visits.map((visit) => ({ ...visit, status: standing(visit, facts) }));

export function vehicles(lines) {
  return lines.length > 3 ? el("b", {}, t("vehicles", { n: lines.length })) : lines.map(({ vehicle }) => plate(vehicle));
}

export function dayPage(state) {
  const { pack, at } = state.day, visits = visitsOf(state), now = here(visits);
  const parts = [el("p", { class: "stop-line" }, el("span", {}, date(`${pack.day}T12:00:00Z`, "UTC")), el("span", { class: "quiet" }, age(at)))];
  if (pack.day !== today(pack.zone)) parts.push(note("warning", t("other-day", { day: pack.day })));
  parts.push(...visits.map((visit, n) => card(pack, visit, n + 1, now?.id === visit.id)));
  if (!visits.length) parts.push(el("div", { class: "empty" }, icon("calendar-check"), el("p", {}, t("nothing"))));
  else if (!now) parts.push(note("success", t("all-done")));
  if (pack.ahead.length) parts.push(ahead(pack));
  const over = visits.filter((visit) => visit.status === "finished").length;
  return { title: t("today"), count: `${over} / ${visits.length}`, parts, big: now && el("a", { class: "btn btn-primary btn-big", href: `#visit/${now.id}` }, t(now.status === "dispatched" ? "depart" : now.status === "on_the_way" ? "arrive" : "photo")) };
}

const today = (zone) => new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date());

export const problem = (pack, { order }) => (order.symptom ? ofDay(pack, order.symptom) : wordOf(pack, "kinds", order.kind));

function card(pack, visit, number, isNow) {
  const { order, site, lines, customer } = visit, over = ["finished", "abandoned"].includes(visit.status), name = `stop-${number}`;
  return el("article", { class: `card stop${over ? " is-over" : ""}${isNow ? " is-now" : ""}`, "aria-labelledby": name },
    el("div", { class: "stop-line" }, el("span", { class: "stop-number" }, String(number)), el("b", { class: "tnum" }, `${clock(visit.starts_at, pack.zone)}–${clock(visit.ends_at, pack.zone)}`), status(visit.status, wordOf(pack, "visit_statuses", visit.status))),
    el("h2", { id: name }, el("a", { class: "stop-link", href: `#visit/${visit.id}` }, customer.name, icon("chevron-right"))),
    el("div", { class: "stop-line" }, vehicles(lines)),
    over ? null : [el("p", {}, [problem(pack, visit), order.symptom_text].filter(Boolean).join(" · ")), el("p", {}, icon("geo-alt"), " ", site.address), promised(order)]);
}

export function promised({ window }) {
  return window ? el("p", {}, icon("clock"), " ", t("promised", { from: window[0] ?? "…", to: window[1] ?? "…" })) : null;
}

function ahead(pack) {
  return el("section", { class: "card", "aria-labelledby": "ahead" }, el("h2", { id: "ahead" }, t("after-today"), " ", el("span", { class: "count" }, String(pack.ahead.length))),
    pack.ahead.map((visit) => el("div", { class: "change" }, el("div", { class: "stop-line" }, el("b", { class: "tnum" }, `${date(visit.starts_at, pack.zone)} ${clock(visit.starts_at, pack.zone)}`), el("span", { class: "quiet" }, t("vehicles", { n: visit.vehicles }))), el("p", {}, visit.customer), el("p", { class: "quiet" }, visit.address))));
}
