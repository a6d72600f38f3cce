// The steps of a visit that are about money and its end: how far each is, and the one that is next.

import { el, icon } from "../dom.js";
import { money } from "./money.js";
import { address, seen, word } from "./visits.js";
import { t } from "../words.js";

const MARKS = { done: "check-lg", odd: "exclamation-triangle", open: "circle" };

/** The card of the stop's page. */
export function page(state, visit) {
  const steps = stepsOf(seen(state, visit)), next = steps.find(({ state: how }) => how === "open")?.name ?? "finish";
  const one = ({ name, label, state: how, told }) => el("li", {}, el("a", { class: `step step-${how}${name === next ? " is-next" : ""}`, href: address(visit, name), "aria-current": name === next ? "step" : null },
    el("span", { class: "step-mark" }, icon(name === "finish" ? "flag" : MARKS[how])), el("span", { class: "step-words" }, el("b", {}, label), told ? el("span", { class: "quiet" }, told) : null), icon("chevron-right")));
  return el("ol", { class: "steps" }, [...steps, { name: "finish", label: t("finish"), state: "open", told: null }].map(one));
}

/** [{ name, label, state: "done" | "odd" | "open", told }] of price, payment and signature. */
export function stepsOf({ stop, acts, now, total, due }) {
  const said = word(stop, acts), priced = now.charges.length > 0 || now.receipts.length > 0 || said !== null;
  const pay = due > 0 ? ["open", t("to-be-paid", { due: money(due) })] : due < 0 ? ["odd", t("paid-too-much", { amount: money(-due) })] : [priced ? "done" : "open", priced ? t("all-paid") : null];
  const sign = !said ? ["open", null] : said.changed ? ["open", t("sign-again")] : said.refused ? ["odd", t("sign-refused", { reason: said.reason })] : ["done", said.signer];
  return [
    { name: "price", label: t("price"), state: now.unpriced.length ? "odd" : priced ? "done" : "open", told: now.unpriced.length ? t("unpriced") : priced ? money(total) : null },
    { name: "pay", label: t("payment"), state: pay[0], told: pay[1] },
    { name: "sign", label: t("signature"), state: sign[0], told: sign[1] },
  ];
}
