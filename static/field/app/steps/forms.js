// What forms on the phone are made of, and what was typed in them: kept as long as the app is open, so that leaving loses nothing.

import { el, icon } from "../dom.js";

const DRAFTS = "dispatch-drafts";
const drafts = JSON.parse(sessionStorage.getItem(DRAFTS) ?? "{}");

/** What was typed on a page and not sent yet. */
export const draft = (key) => (drafts[key] ??= {});

function keep() {
  try { sessionStorage.setItem(DRAFTS, JSON.stringify(drafts)); } catch { /* it lasts until the app is closed */ }
}

export function forget(key) {
  delete drafts[key];
  keep();
}

/** A form that keeps what is typed under `key`, and gives `send` its values once they are there. */
export function form(key, id, send, ...children) {
  const kept = draft(key), made = el("form", { id, novalidate: true, onsubmit: (event) => { event.preventDefault(); send(valuesOf(made), made); } }, children);
  for (const field of made.elements) if (field.name && field.type !== "file") restore(field, kept);
  made.addEventListener("input", () => { Object.assign(kept, valuesOf(made)); keep(); });
  return made;
}

const isChoice = ({ type }) => type === "radio" || type === "checkbox";

function restore(field, kept) {
  if (!(field.name in kept)) return;
  if (isChoice(field)) field.checked = kept[field.name] === (field.type === "checkbox" ? field.checked : field.value) || kept[field.name] === field.value;
  else field.value = kept[field.name];
}

export function valuesOf(made) {
  const all = {};
  for (const field of made.elements) {
    if (!field.name || field.type === "file") continue;
    if (field.type === "checkbox") all[field.name] = field.checked;
    else if (field.type !== "radio" || field.checked) all[field.name] = field.value.trim();
  }
  return all;
}

/** Tells beside the fields what is wrong with them, and leads to the first; whether there is anything. `wrong`: name -> sentence. */
export function refuse(made, wrong) {
  for (const told of made.querySelectorAll(".field-error")) told.remove();
  for (const [name, sentence] of Object.entries(wrong)) {
    const place = made.querySelector(`[data-field="${name}"]`) ?? made;
    place.append(el("p", { class: "field-error", role: "alert" }, icon("exclamation-circle"), el("span", {}, sentence)));
    place.scrollIntoView?.({ block: "center" });
  }
  return Object.keys(wrong).length > 0;
}

export function field(name, label, facts = {}, help = null) {
  const tag = facts.rows ? "textarea" : "input", { value, ...rest } = facts, input = el(tag, { class: "form-control", id: `f-${name}`, name, autocomplete: "off", ...rest });
  input.value = value ?? "";
  return el("div", { class: "field", "data-field": name }, el("label", { for: `f-${name}` }, label), input, help ? el("p", { class: "field-help" }, help) : null);
}

/** One of several: [[value, what is shown], …]. */
export function choose(name, label, options, chosen = null, look = "") {
  const one = ([value, ...shown]) => el("label", { class: "choice" }, el("input", { type: "radio", class: "form-check-input", name, value, checked: value === chosen }), el("span", { class: "choice-words" }, shown));
  return el("fieldset", { class: "field", "data-field": name }, el("legend", {}, label), el("div", { class: `choices ${look}` }, options.map(one)));
}
