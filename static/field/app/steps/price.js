// What it costs and why, and what can be added from the offers, with the price before anybody agrees.

import { el, icon, note, plate, sheet } from "../dom.js";
import { choose, field, forget, form, refuse } from "./forms.js";
import { money } from "./money.js";
import { chargesOf, fen } from "./prices.js";
import { address, seen } from "./visits.js";
import { ofDay, t } from "../words.js";

export function page(state, visit, _line, does) {
  const { pack } = state.day, now = seen(state, visit), live = visit.status === "on_site", { due } = now;
  const parts = [now.now.unpriced.length ? note("warning", t("unpriced")) : null, bill(pack, now, live, does), live ? adding(pack, now, does) : null];
  const next = due > 0 ? ["pay", t("take-due", { due: money(due) })] : ["sign", t("nothing-sign")];
  return { title: t("price"), back: `#visit/${visit.id}`, parts, big: live && el("a", { class: "btn btn-primary btn-big", href: address(visit, next[0]) }, next[1]) };
}

function bill(pack, { stop, visit, now, total }, live, does) {
  const many = stop.lines.length > 1;
  const row = (charge) => el("li", {}, el("div", { class: "bill-line" },
    el("span", {}, el("b", {}, charge.row.name), charge.row.quantity === 1 ? null : el("span", { class: "tnum" }, ` × ${charge.row.quantity}`), many && charge.line ? [" ", plateOf(stop, charge.line)] : null), el("span", { class: "money" }, money(fen(charge.row.amount)))),
    el("p", { class: "quiet" }, charge.told ? ofDay(pack, charge.told) : null, fen(charge.row.amount) || !fen(charge.row.unit_price) ? null : [" ", el("span", { class: "sr" }, t("instead-of")), el("del", { class: "tnum" }, money(fen(charge.row.unit_price)))]),
    live && canGo(charge) ? el("button", { type: "button", class: "btn btn-link", onclick: () => takeBack(visit, charge, does) }, t("take-off")) : null);
  const rows = now.charges.map(row);
  return el("section", { class: "card" }, rows.length ? el("ul", { class: "bill" }, rows) : el("p", {}, t("nothing-charged")), el("p", { class: "total" }, el("span", {}, t("total")), el("b", { class: "money" }, money(total))));
}

const plateOf = (stop, id) => { const line = stop.lines.find((one) => one.id === id); return line ? plate(line.vehicle) : ""; };

// What follows from a unit or a part goes with it, and only what was added by hand is taken off here.
const canGo = ({ fitting, row, fact, id }) => (fitting === null || !fen(row.amount)) && row.rule !== "own_unit" && (fact !== null || id !== null);

async function takeBack(visit, charge, does) {
  const reason = await sheet(t("take-off"), t("close"), (close) => form(`back-${visit.id}-${charge.id ?? charge.fact}`, "take-back", (values, made) => {
    if (!refuse(made, values.reason ? {} : { reason: t("give-reason") })) close(values.reason);
  }, el("p", {}, charge.row.name), field("reason", t("reason"), { maxlength: 500 }), el("button", { class: "btn btn-danger-quiet btn-wide" }, t("take-off"))));
  if (reason) await does.act([{ kind: "charge.take_back", visit: visit.id, content: charge.id !== null ? { charge: charge.id, reason } : { fact: charge.fact, reason } }]);
}

// --- more work was found: the price is shown, the customer agrees, and only then it is charged

function adding(pack, now, does) {
  const services = now.stop.prices.services.map(({ offer }) => ({ kind: "charge.add", offer }));
  const bag = Object.fromEntries(pack.bag.parts.map((part) => [part.code, part]));
  const parts = now.stop.prices.parts.filter(({ offer }) => bag[offer.code]).map(({ offer, lines }) => ({ kind: "part.use", offer, lines, left: bag[offer.code] }));
  if (!services.length && !parts.length) return null;
  return el("section", { class: "card" }, el("h2", {}, t("more-work")), el("p", { class: "quiet" }, t("more-work-why")), [["services", services], ["parts", parts]].map(([word, all]) => (all.length
    ? el("details", {}, el("summary", {}, t(word)), el("div", { class: "form-buttons" }, all.map((one) => offerButton(pack, now, one, does)))) : null)));
}

function priceOf(now, offer, quantity) {
  const left = {};
  for (const { row } of now.now.charges.slice(now.stop.charges.length)) if (row.rule === "quoted_price") left[row.code] = (left[row.code] ?? now.stop.prices.quoted[row.code].left) - row.quantity;
  return chargesOf(offer, quantity, now.stop.prices.quoted, left);
}

function offerButton(pack, now, one, does) {
  const [first] = priceOf(now, one.offer, 1), vehicle = one.lines && now.stop.lines.length > 1 && one.lines.length < now.stop.lines.length ? plateOf(now.stop, one.lines[0]) : null;
  return el("button", { type: "button", class: "btn btn-quiet btn-wide offer", onclick: () => agree(pack, now, one, does) },
    el("span", { class: "offer-words" }, el("b", {}, one.offer.name, " ", vehicle), el("small", { class: "quiet" }, ofDay(pack, first.told))), el("span", { class: "money" }, money(fen(first.amount))));
}

async function agree(pack, now, { kind, offer, lines, left }, does) {
  const own = now.stop.lines.filter(({ id }) => !lines || lines.includes(id)), key = `add-${now.visit.id}-${offer.code}`;
  const told = await sheet(offer.name, t("close"), (close) => {
    const cost = el("p", { class: "total" }), show = (quantity) => {
      const rows = priceOf(now, offer, quantity);
      cost.replaceChildren(el("span", {}, t("customer-pays")), el("b", { class: "money" }, money(rows.reduce((sum, { amount }) => sum + fen(amount), 0))));
    };
    const made = form(key, "agree", (values, self) => {
      const quantity = Number(values.quantity), wrong = {};
      if (!Number.isInteger(quantity) || quantity < 1 || quantity > 999) wrong.quantity = t("whole-number");
      else if (left && quantity > left.quantity) wrong.quantity = t("only-so-many", { n: left.quantity });
      if (own.length > 1 && kind === "part.use" && !values.line) wrong.line = t("choose");
      if (!values.agreed) wrong.agreed = t("must-agree");
      if (!refuse(self, wrong)) close({ quantity, line: Number(values.line) || (own.length === 1 ? own[0].id : null) });
    },
    el("p", { class: "quiet" }, ofDay(pack, priceOf(now, offer, 1)[0].told)),
    own.length > 1 ? choose("line", t("photo-of"), own.map((line) => [String(line.id), plate(line.vehicle)])) : null,
    field("quantity", t("how-many"), { type: "number", min: 1, max: 999, inputmode: "numeric", value: "1" }), cost,
    el("div", { class: "field", "data-field": "agreed" }, el("label", { class: "choice" }, el("input", { type: "checkbox", class: "form-check-input", name: "agreed" }), el("span", {}, t("customer-agrees")))),
    el("button", { class: "btn btn-primary btn-big" }, icon("plus-lg"), t("add")));
    made.elements.quantity.addEventListener("input", (event) => show(Math.max(1, Math.min(999, Math.trunc(Number(event.target.value)) || 1))));
    show(1);
    return made;
  });
  forget(key); // nobody has agreed to anything before he is asked
  if (told) await does.act([{ kind, visit: now.visit.id, content: { code: offer.code, ...told } }]);
}
