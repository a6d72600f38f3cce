// The visit is broken off: the customer is away, a part is missing, it is unsafe, it cannot be done.

import { el, icon } from "../dom.js";
import { choose, field, forget, form, refuse } from "./forms.js";
import { nextStep } from "../rules.js";
import { ofDay, t } from "../words.js";

const MEANS = { absent: "absent", missing: "part", cannot: "cannot", unsafe: "unsafe" };
const WAITS = { absent: "customer", part: "part", vehicle: "vehicle", unsafe: "unsafe" };

export function page({ day: { pack } }, visit, _line, does, step) {
  const key = `abandon-${visit.id}-${step}`, open = nextStep(visit.status) !== null;
  const send = async (values, made) => {
    const wrong = {};
    if (!values.why) wrong.why = t("choose");
    else if (!values.more && (values.why === "other" || (values.again && !(values.why in WAITS)))) wrong.more = t("write-what");
    if (values.again && values.again <= pack.day) wrong.again = t("day-to-come");
    if (refuse(made, wrong)) return;
    await does.busy(document.querySelector('[form="abandon"]'), async () => {
      await does.act([{ kind: "visit.abandon", visit: visit.id, content: told(pack, values) }]);
      forget(key);
      location.hash = "";
    });
  };
  const word = step === "missing" && visit.status === "on_site" ? el("p", {}, el("a", { class: "btn btn-quiet btn-wide", href: `#visit/${visit.id}/word` }, icon("check2-all"), t("by-word"))) : null;
  const parts = [word, el("p", { class: "quiet" }, t("break-off-why")), form(key, "abandon", send,
    choose("why", t("why"), pack.lists.reasons.map(([value, msgid]) => [value, ofDay(pack, msgid)]), MEANS[step]),
    field("more", t("own-words"), { rows: 2, maxlength: 500 }), field("again", t("not-before"), { type: "date", min: pack.day }, t("not-before-why")))];
  return { title: t("break-off"), back: `#visit/${visit.id}`, parts, big: open && el("button", { class: "btn btn-danger-quiet btn-big", form: "abandon" }, t("break-off")) };
}

function told(pack, { why, more, again }) {
  const word = ofDay(pack, pack.lists.reasons.find(([key]) => key === why)[1]), said = why === "other" ? more : more ? `${word}: ${more}` : word;
  return again ? { reason: t("again-from", { why: said, day: again }), wait: { why: WAITS[why] ?? "other", words: more, next_on: again } } : { reason: said };
}
