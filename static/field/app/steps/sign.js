// The customer reads what was done and what it costs, and signs below it; or he does not, with a reason and a photo.

import { el, icon, note } from "../dom.js";
import { draft, field, forget, form, refuse } from "./forms.js";
import { shown } from "./laid.js";
import { newKey } from "../keys.js";
import { money } from "./money.js";
import { createPad } from "./pad.js";
import { photographed } from "../photo.js";
import { place } from "../place.js";
import { fen } from "./prices.js";
import { hashOf, summaryAs } from "./summary.js";
import { address, seen, word } from "./visits.js";
import { clock, t, wordOf } from "../words.js";
import { channelWord } from "./pay.js";

export function page(state, visit, _line, does) {
  const { pack } = state.day, now = seen(state, visit), live = visit.status === "on_site", said = word(now.stop, now.acts);
  const summary = summaryAs(now), settled = said && !said.changed;
  const parts = [said ? told(pack, said) : null, read(pack, summary), ...(live ? signing(now, summary, settled, does) : [])];
  const big = settled ? el("a", { class: "btn btn-primary btn-big", href: address(visit, "finish") }, t("go-finish")) : el("button", { class: "btn btn-primary btn-big", form: "sign" }, t("agree-sign"));
  return { title: t("signature"), back: `#visit/${visit.id}`, parts, big: live && big };
}

function told(pack, said) {
  if (said.changed) return note("warning", t("sign-again"));
  return said.refused ? note("warning", t("sign-refused", { reason: said.reason })) : note("success", t("signed-by", { name: said.signer, time: clock(said.at, pack.zone) }));
}

// --- what he reads: exactly what is signed

const called = (unit) => unit.serial ?? unit.iccid;

function lineRead(pack, line) {
  const fitted = ({ unit_kind: kind, old, new: put }) => el("p", {}, el("span", { class: "quiet" }, wordOf(pack, "unit_kinds", kind)), el("br"), old && put ? [el("del", { class: "old code" }, called(old)), " → ", el("b", { class: "code" }, called(put))] : [el("b", { class: "code" }, called(put ?? old)), " ", el("span", { class: "quiet" }, t(put ? "new" : "taken-out"))]);
  const tests = Object.entries(line.tests), good = tests.filter(([, result]) => result === "passed").length;
  return el("div", { class: "vehicle-done" },
    el("p", {}, el("b", {}, line.plate ? shown(line) : `VIN ${line.vin}`), " ", line.status === "open" ? null : el("span", { class: "quiet" }, wordOf(pack, "line_statuses", line.status))),
    line.fittings.map(fitted), (line.parts ?? []).map((part) => el("p", {}, `${part.name} × ${part.quantity} ${part.unit}`)),
    tests.length ? el("p", {}, el("span", { class: "quiet" }, t("test-run")), el("br"), tests.filter(([, result]) => result !== "passed").map(([item, result]) => [`${wordOf(pack, "tests", item)}: `, el("b", {}, wordOf(pack, "results", result)), el("br")]), good ? t("points-passed", { n: good, all: tests.length }) : null) : null);
}

function read(pack, summary) {
  const line = (label, amount, look = "") => el("p", { class: `bill-line ${look}` }, el("span", {}, label), el("span", { class: "money" }, money(amount))), due = fen(summary.due);
  return el("section", { class: "card summary", id: "summary" }, el("h2", {}, summary.customer), el("p", { class: "quiet" }, `${summary.number} · ${t("technician")} ${summary.technician}`),
    summary.lines.map((one) => lineRead(pack, one)),
    summary.charges.length ? el("ul", { class: "bill" }, summary.charges.map((one) => el("li", {}, el("div", { class: "bill-line" }, el("span", {}, one.name, one.quantity === 1 ? null : ` × ${one.quantity}`), el("span", { class: "money" }, money(fen(one.amount))))))) : null,
    el("p", { class: "total" }, el("span", {}, t("total")), el("b", { class: "money" }, money(fen(summary.total)))),
    summary.receipts.map((one) => line([t("paid"), channelWord(pack, one.channel), one.number].filter(Boolean).join(" · "), fen(one.amount))),
    due > 0 ? line(t("to-pay"), due, "owed") : due < 0 ? line(t("to-give-back"), -due, "owed") : null);
}

// --- what he signs

function signing(now, summary, settled, does) {
  const { stop, visit } = now, { contact } = stop.customer, key = `sign-${visit.id}-${now.acts.filter(({ kind }) => kind === "sign").length}`, kept = draft(key);
  const canvas = el("canvas", { class: "pad", role: "img", "aria-labelledby": "pad-label" }), pad = createPad(canvas, { strokes: kept.strokes, changed: (strokes) => { kept.strokes = strokes; } });
  const again = settled ? el("button", { class: "btn btn-quiet btn-wide" }, t("sign-another")) : null;
  const send = (values, made) => {
    const wrong = {};
    if (!pad.strokes().length) wrong.points = t("sign-first");
    if (!values.signer) wrong.signer = t("who-stands-there");
    if (!refuse(made, wrong)) does.busy(again ?? document.querySelector('[form="sign"]'), async () => {
      const spot = await place(), content = { ...(await shownTo(values, summary)), points: pad.strokes(), ...(spot ?? {}) };
      await does.act([{ kind: "sign", visit: visit.id, content, spot }]);
      forget(key);
    });
  };
  const clear = el("button", { type: "button", class: "btn btn-link", onclick: () => pad.clear() }, t("clear"));
  const mine = settled ? {} : { signer: contact?.name ?? "", phone: contact?.phone ?? "" }; // a second one is somebody else
  return [
    form(key, "sign", send, el("div", { class: "field", "data-field": "points" }, el("p", { class: "pad-head", id: "pad-label" }, el("b", {}, t("sign-here")), " ", clear), canvas),
      field("signer", t("signer"), { value: mine.signer, maxlength: 100 }), field("phone", t("phone"), { type: "tel", value: mine.phone, maxlength: 40 }), again),
    refusing(now, summary, does)];
}

const shownTo = async ({ signer, phone }, summary) => ({ signer, phone: phone || null, summary, summary_hash: await hashOf(summary) });

function refusing({ visit, stop, acts }, summary, does) {
  const key = `refuse-${visit.id}-${acts.filter(({ kind }) => kind === "sign.refuse").length}`, camera = el("input", { type: "file", class: "sr", id: "refuse-photo", accept: "image/*", capture: "environment" });
  const there = el("span", { class: "quiet" }), button = el("button", { class: "btn btn-danger-quiet btn-wide" }, t("keep-refusal"));
  camera.addEventListener("change", () => { there.textContent = camera.files[0] ? t("photo-there") : ""; });
  const send = (values, made) => {
    const [file] = camera.files, wrong = {};
    if (!values.signer) wrong.signer = t("who-stands-there");
    if (!values.reason) wrong.reason = t("why-no-sign");
    if (!file) wrong.photo = t("photo-needed");
    if (!refuse(made, wrong)) does.busy(button, async () => {
      const spot = await place(), photo = newKey(), made2 = await photographed(file, { kind: "refusal", line: null, order: stop.order.number, spot });
      const content = { ...(await shownTo(values, summary)), reason: values.reason, photo, ...(spot ?? {}) };
      await does.act([{ id: photo, kind: "photo", visit: visit.id, spot, ...made2 }, { kind: "sign.refuse", visit: visit.id, content, spot }]);
      forget(key);
    });
  };
  return el("details", { class: "card" }, el("summary", {}, t("does-not-sign")), form(key, "refuse", send,
    field("signer", t("who-is-there"), { value: stop.customer.contact?.name ?? "", id: "refuse-signer" }), field("reason", t("why-no-sign"), { rows: 2, maxlength: 500 }),
    el("div", { class: "field", "data-field": "photo" }, camera, el("label", { class: "btn btn-quiet btn-wide", for: "refuse-photo" }, icon("camera"), t("photo")), there), button));
}
