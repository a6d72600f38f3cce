// Taking money: what is due, how it is paid, and the receipt with a number of this phone's own block.

import { el, icon, note } from "../dom.js";
import { choose, field, forget, form, refuse } from "./forms.js";
import { amountIn, money } from "./money.js";
import { fen, nextNumber, yuan } from "./prices.js";
import { address, seen } from "./visits.js";
import { ofDay, t } from "../words.js";

export function page(state, visit, _line, does) {
  const { pack } = state.day, now = seen(state, visit), { due } = now, live = visit.status === "on_site", may = pack.me.may.includes("fee.take");
  const parts = [...now.now.receipts.map((one) => receipt(pack, one))];
  if (now.now.unpriced.length) parts.push(note("warning", t("unpriced")));
  if (due > 0) parts.push(el("p", { class: "total" }, el("span", {}, t("to-pay")), el("b", { class: "money" }, money(due))));
  if (due > 0 && live) parts.push(...(may ? taking(state, now, does) : [note("warning", t("no-cash-right"))]));
  else if (due < 0) parts.push(note("warning", t("paid-too-much", { amount: money(-due) })));
  else if (due === 0) parts.push(note("success", t(now.now.receipts.length ? "all-paid" : "nothing-to-pay")));
  const big = due > 0 && may ? el("button", { class: "btn btn-primary btn-big", form: "pay" }, t("money-received")) : el("a", { class: "btn btn-primary btn-big", href: address(visit, "sign") }, t("go-sign"));
  return { title: t("payment"), back: `#visit/${visit.id}`, parts, big: live && big };
}

function receipt(pack, { number, channel, amount, invoice_number: invoice }) {
  return el("section", { class: "card receipt" }, el("p", { class: "quiet" }, t(fen(amount) > 0 ? "receipt" : "given-back")), el("p", { class: "receipt-number" }, number ?? t("number-follows")),
    el("p", { class: "bill-line" }, el("span", {}, channelWord(pack, channel)), el("span", { class: "money" }, money(fen(amount)))), invoice ? el("p", { class: "quiet" }, t("invoice"), " ", el("span", { class: "tnum" }, invoice)) : null);
}

export const channelWord = (pack, key) => { const found = pack.channels.find((one) => one.key === key); return found ? ofDay(pack, found.word) : key; };

function taking(state, now, does) {
  const { pack } = state.day, { visit, due, stop } = now, key = `pay-${visit.id}-${now.now.receipts.length}`, number = nextNumber(pack.receipts, state.facts);
  const codes = pack.channels.filter(({ code }) => code);
  const send = (values, made) => {
    const amount = amountIn(values.amount), wrong = {};
    if (!values.channel) wrong.channel = t("choose");
    if (amount === null || amount === 0) wrong.amount = t("no-amount");
    else if (amount > due) wrong.amount = t("more-than-due", { due: money(due) });
    if (!refuse(made, wrong)) does.busy(document.querySelector('[form="pay"]'), () => take(state, now, values, amount, key, does));
  };
  return [
    codes.length ? el("a", { class: "btn btn-quiet btn-wide", href: `/my-day/visits/${visit.id}/payment` }, icon("wallet2"), t("show-code")) : null, codes.length ? el("p", { class: "field-help" }, t("show-code-why")) : null,
    number ? null : note("info", t("no-numbers")),
    form(key, "pay", send,
      choose("channel", t("how-paid"), pack.channels.map((one) => [one.key, ofDay(pack, one.word)]), null, "choices-two"),
      field("amount", t("amount"), { inputmode: "decimal", value: yuan(due) }),
      field("reference", t("reference")),
      field("invoice_number", t("invoice"), { inputmode: "numeric" }, t("invoice-help")),
      field("payer", t("payer"), { value: stop.customer.contact?.name ?? "" }))];
}

async function take(state, { visit }, values, amount, key, does) {
  const { pack } = state.day, channel = pack.channels.find((one) => one.key === values.channel), number = nextNumber(pack.receipts, state.facts);
  const content = { amount: yuan(amount), channel: values.channel, payer: values.payer || null, reference: (channel?.reference && values.reference) || null, invoice_number: values.invoice_number || null, ...(number ? { number } : {}) };
  await does.act([{ kind: "payment.take", visit: visit.id, content }]);
  forget(key);
}
