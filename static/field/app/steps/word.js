// Somebody approved something by word, a part that is missing for one: who, how and what for. He confirms it later.

import { el } from "../dom.js";
import { choose, field, forget, form, refuse } from "./forms.js";
import { moment } from "../rules.js";
import { ofDay, t } from "../words.js";

export function page({ day: { pack } }, visit, _line, does) {
  const key = `word-${visit.id}`, people = pack.office.approvers, live = visit.status === "on_site" && pack.me.may.includes("word.record");
  const send = async (values, made) => {
    const wrong = {};
    if (!values.approver) wrong.approver = t("choose");
    if (!values.what_for) wrong.what_for = t("write-what");
    if (refuse(made, wrong)) return;
    await does.busy(document.querySelector('[form="word"]'), async () => {
      const content = { approver: Number(values.approver), channel: values.channel, said_at: moment(new Date()), what_for: values.what_for };
      await does.act([{ kind: "word.record", visit: visit.id, content }]);
      forget(key);
      location.hash = `visit/${visit.id}`;
    });
  };
  const parts = [el("p", { class: "quiet" }, t("by-word-why")), live ? form(key, "word", send,
    choose("approver", t("who-allowed"), people.map(({ id, name }) => [String(id), name]), people.length === 1 ? String(people[0].id) : null),
    field("what_for", t("what-for"), { rows: 2, maxlength: 200 }),
    choose("channel", t("how-allowed"), pack.lists.verbal.map(([value, msgid]) => [value, ofDay(pack, msgid)]), "phone")) : null];
  return { title: t("by-word-title"), back: `#visit/${visit.id}`, parts, big: live && el("button", { class: "btn btn-primary btn-big", form: "word" }, t("record")) };
}
