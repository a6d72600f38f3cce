// What else can happen, one tap away: the customer is absent, a part is missing, more work is found, it cannot be done, it is unsafe,
// help is needed.

import { el, icon, sheet } from "./dom.js";
import { nextStep } from "./rules.js";
import { t } from "./words.js";

/** `numbers`: whom of the office to call, as links. */
export function exceptions(visit, numbers) {
  const site = visit.status === "on_site", open = nextStep(visit.status) !== null;
  const link = (step, mark, word) => el("a", { class: "btn btn-quiet btn-wide", href: `#visit/${visit.id}/${step}` }, icon(mark), t(word));
  const call = () => sheet(t("help"), t("close"), () => (numbers.length ? el("div", { class: "form-buttons" }, numbers) : el("p", {}, t("no-number"))));
  const help = el("button", { type: "button", class: "btn btn-quiet btn-wide", onclick: call }, icon("telephone"), t("help"));
  const all = [open && link("absent", "person", "absent"), site && link("missing", "tools", "part-missing"), site && link("price", "plus-lg", "more-work"), site && link("word", "check2-all", "by-word"), open && link("cannot", "slash-circle", "cannot"), open && link("unsafe", "exclamation-triangle", "unsafe"), help];
  return el("details", { class: "card", id: "exceptions" }, el("summary", {}, t("exceptions")), el("div", { class: "form-buttons" }, all));
}
