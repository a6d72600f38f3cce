// One visit: what is needed on site, and the one thing to do.

import { vehicles, visitsOf, problem, promised } from "./day.js";
import { el, icon, plate, sheet, status } from "./dom.js";
import { exceptions } from "./exceptions.js";
import { photographed } from "./photo.js";
import { place } from "./place.js";
import { nextStep } from "./rules.js";
import { partOf } from "./steps.js";
import { clock, ofDay, t, wordOf } from "./words.js";

const KINDS = { "visit.depart": "depart", "visit.arrive": "arrive", photo: "photo", "charge.add": "charge-add", "charge.take_back": "charge-back", "part.use": "part-use", "payment.take": "payment", sign: "signature", "sign.refuse": "sign-refuse", "word.record": "by-word", "visit.finish": "finish", "visit.abandon": "break-off" };

export function stopPage(state, id, does) {
  const visit = visitsOf(state).find((one) => one.id === id);
  if (!visit) return null;
  const { pack } = state.day, own = state.facts.filter((fact) => fact.visit === id), step = nextStep(visit.status);
  const parts = [facts(pack, visit), ...visit.lines.map((line) => vehicleCard(pack, line)), done(pack, own)];
  if (visit.status === "on_site") parts.splice(1, 0, partOf("ahead", does.draw)?.(state, visit));
  parts.push(exceptions(visit, office(pack)));
  if (visit.status === "on_site") parts.push(el("section", { class: "card" }, el("p", { class: "quiet" }, t("go-on-why")), el("a", { class: "btn btn-quiet btn-wide", href: `/my-day/visits/${id}` }, t("go-on"))));
  return { title: wordOf(pack, "visit_statuses", visit.status), back: true, parts, big: step && button(pack, visit, step, does) };
}

const link = (href, name, words) => el("a", { class: "btn btn-quiet", href }, icon(name), words);
const callable = (phone) => `tel:${phone.replace(/[^\d+]/g, "")}`;

function facts(pack, { order, site, customer, lines, status: code, starts_at: from, ends_at: to }) {
  const there = site.lat === null ? null : `${site.lat},${site.lon}`, { contact } = customer;
  return el("article", { class: "card" },
    el("div", { class: "stop-line" }, el("b", { class: "tnum" }, `${clock(from, pack.zone)}–${clock(to, pack.zone)}`), status(code, wordOf(pack, "visit_statuses", code))),
    el("h2", {}, customer.name),
    el("div", { class: "stop-line" }, vehicles(lines), el("span", { class: "quiet" }, order.number)),
    el("p", {}, [problem(pack, { order }), order.symptom_text].filter(Boolean).join(" · ")),
    [order.diagnosis, order.note, customer.note].filter(Boolean).map((text) => el("p", { class: "quiet" }, text)),
    el("p", {}, icon("geo-alt"), " ", site.address), promised(order),
    el("div", { class: "stop-ways" }, contact?.phone ? link(callable(contact.phone), "telephone", contact.name || t("call")) : null, there ? link(`geo:${there}?q=${there}(${encodeURIComponent(site.address)})`, "map", t("map")) : null));
}

function vehicleCard(pack, { vehicle, parking, remark, warranty, history }) {
  return el("section", { class: "card" }, el("div", { class: "stop-line" }, plate(vehicle), el("span", { class: "quiet" }, [vehicle.make, vehicle.kind].filter(Boolean).join(" "))),
    parking ? el("p", {}, el("span", { class: "quiet" }, t("parking")), ` ${parking}`) : null, remark ? el("p", {}, remark) : null,
    warranty ? el("p", {}, icon("shield-check"), " ", ofDay(pack, warranty)) : null,
    history.length ? el("details", {}, el("summary", {}, t("history")), history.map((event) => el("p", {}, el("span", { class: "quiet tnum" }, `${event.at.slice(0, 10)} · `), [ofDay(pack, event.what), [event.old, event.new].filter(Boolean).join(" → "), ofDay(pack, event.why)].filter(Boolean).join(" · ")))) : null);
}

function done(pack, own) {
  if (!own.length) return null;
  return el("section", { class: "card" }, el("h2", {}, t("done-here")), own.map(({ kind, at, state, told, sent }) => el("div", { class: "change" },
    el("p", {}, icon(!sent ? "hourglass-split" : state === "disputed" ? "exclamation-triangle" : "check-lg"), " ", KINDS[kind] ? t(KINDS[kind]) : kind, " ", el("span", { class: "quiet tnum" }, clock(at, pack.zone))),
    state === "disputed" ? el("p", { class: "field-error" }, `${t("disputed")}: ${told ?? ""}`) : null)));
}

function office({ office: { name, phone, people } }) {
  return [...(phone ? [{ name, phone }] : []), ...people.filter((one) => one.phone)].map((one) => link(callable(one.phone), "telephone", one.name));
}

// what is done -------------------------------------------------------------------------------------------------------

function button(pack, visit, step, does) {
  if (step === "photo") return photoButton(pack, visit, does);
  const press = step === "depart" ? () => depart(pack, visit, does) : () => arrive(visit, does);
  return el("button", { type: "button", class: "btn btn-primary btn-big", onclick: (event) => does.busy(event.currentTarget, press) }, t(step));
}

async function depart(pack, visit, does) {
  const told = await sheet(t("check"), t("close"), (close) => checks(pack, close));
  if (told) await does.act([{ kind: "visit.depart", visit: visit.id, content: told, spot: await place() }]);
}

function checks(pack, close) {
  const held = pack.me.held_back;
  const box = ([item, msgid]) => (item in held
    ? el("div", { class: "choice" }, icon("exclamation-triangle"), el("span", {}, ofDay(pack, msgid), held[item].map((why) => el("small", { class: "field-error" }, ofDay(pack, why)))))
    : el("label", { class: "choice" }, el("input", { type: "checkbox", class: "form-check-input", name: item }), el("span", {}, ofDay(pack, msgid))));
  const missing = el("textarea", { class: "form-control", id: "missing", rows: 2 });
  const send = (event) => {
    event.preventDefault();
    const ticked = Object.fromEntries(pack.lists.departure.map(([item]) => [item, event.target.elements[item]?.checked ?? false]));
    close({ checks: ticked, ...(missing.value.trim() ? { note: missing.value.trim() } : {}) });
  };
  return el("form", { onsubmit: send }, el("div", { class: "choices field" }, pack.lists.departure.map(box)), el("div", { class: "field" }, el("label", { for: "missing" }, t("missing")), missing), el("button", { class: "btn btn-primary btn-big" }, t("depart")));
}

async function arrive(visit, does) {
  const spot = await place();
  await does.act([{ kind: "visit.arrive", visit: visit.id, content: spot ?? {}, spot }]);
}

function photoButton(pack, visit, does) {
  const camera = el("input", { type: "file", class: "sr", id: "camera", accept: "image/*", capture: "environment" });
  const pressed = el("label", { class: "btn btn-primary btn-big", for: "camera" }, icon("camera"), t("photo"));
  camera.addEventListener("change", () => {
    const [file] = camera.files;
    if (file) does.busy(pressed, () => take(pack, visit, file, does).finally(() => { camera.value = ""; }));
  });
  return [camera, pressed];
}

async function take(pack, visit, file, does) {
  const shows = await sheet(t("photo-kind"), t("close"), (close) => showing(pack, visit, close));
  if (!shows) return;
  const spot = await place(), made = await photographed(file, { ...shows, order: visit.order.number, spot });
  await does.act([{ kind: "photo", visit: visit.id, spot, ...made }]);
}

function showing(pack, { lines }, close) {
  const of = el("select", { class: "form-select", id: "photo-of" }, lines.map(({ id, vehicle }) => el("option", { value: id }, vehicle.plate ?? vehicle.vin ?? "")));
  const kinds = pack.lists.photos.map(([kind, msgid]) => el("button", { type: "button", class: "btn btn-quiet btn-wide", onclick: () => close({ kind, line: Number(of.value) || null }) }, ofDay(pack, msgid)));
  return [lines.length > 1 ? el("div", { class: "field" }, el("label", { for: "photo-of" }, t("photo-of")), of) : null, el("div", { class: "form-buttons" }, kinds)].filter(Boolean);
}
