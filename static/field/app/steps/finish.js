// The end of a visit: what closing will still miss, which vehicles are done, and why the others are not.

import { el, note, plate } from "../dom.js";
import { choose, field, forget, form, refuse } from "./forms.js";
import { money } from "./money.js";
import { address, seen, word } from "./visits.js";
import { ofDay, t } from "../words.js";

export function page(state, visit, _line, does) {
  const { pack } = state.day, now = seen(state, visit), live = visit.status === "on_site", missing = lacking(now), key = `finish-${visit.id}`;
  const send = (values, made) => finish(now, values, made, key, does);
  const parts = [missing.length ? note("warning", t("cannot-close"), el("ul", { class: "lacks" }, missing.map(([step, why]) => el("li", {}, el("a", { href: address(visit, step) }, why))))) : note("success", t("nothing-missing")),
    live ? form(key, "finish", send, ...lines(pack, now)) : null];
  return { title: t("finish"), back: `#visit/${visit.id}`, parts, big: live && el("button", { class: "btn btn-primary btn-big", form: "finish" }, t(missing.length ? "finish-anyway" : "finish")) };
}

function lacking({ stop, acts, due, now }) {
  const said = word(stop, acts), found = [];
  if (now.unpriced.length) found.push(["price", t("unpriced")]);
  if (due > 0) found.push(["pay", t("not-paid", { due: money(due) })]);
  if (due < 0) found.push(["pay", t("paid-too-much", { amount: money(-due) })]);
  if (!said) found.push(["sign", t("not-signed")]);
  else if (said.changed) found.push(["sign", t("sign-again")]);
  return found;
}

const openLines = ({ stop, now }) => stop.lines.filter(({ id }) => now.lines.find((one) => one.id === id).told.status === "open");

function lines(pack, now) {
  const open = openLines(now), many = open.length > 1, words = pack.lists[many ? "left" : "left_one"];
  if (!open.length) return [];
  const worked = (id) => { const line = now.now.lines.find((one) => one.id === id); return line.fittings.length > 0 || line.parts.length > 0 || Object.keys(line.told.tests).length > 0; };
  const box = ({ id, vehicle }) => el("label", { class: "choice" }, el("input", { type: "checkbox", class: "form-check-input", name: `done-${id}`, checked: !many || worked(id) }), el("span", {}, plate(vehicle)));
  const why = el("div", { class: "not-done" }, choose("how", t("what-about-them"), words.map(([value, msgid]) => [value, ofDay(pack, msgid)]), "leave_over"), field("reason", t("reason"), { rows: 2, maxlength: 500 }));
  return [el("fieldset", { class: "field" }, el("legend", {}, t("which-done")), el("div", { class: "choices" }, open.map(box))), why];
}

async function finish(now, values, made, key, does) {
  const left = openLines(now).filter(({ id }) => !values[`done-${id}`]).map(({ id }) => id);
  if (refuse(made, left.length && !values.reason ? { reason: t("why-not-done") } : {})) return;
  const content = left.length ? { not_done: left, how: values.how, reason: values.reason } : {};
  await does.busy(document.querySelector('[form="finish"]'), async () => {
    await does.act([{ kind: "visit.finish", visit: now.visit.id, content }]);
    forget(key);
    location.hash = "";
  });
}
