// The sheets over the page: signing in over a full outbox, and what is still to be sent.

import { el, icon, note, sheet } from "./dom.js";
import { exported, save } from "./export.js";
import { age, switchLanguage, t } from "./words.js";

/** Resolves with who signed in, null when it was put away. */
export function signIn(why) {
  return sheet(t("sign-in"), t("close"), (close) => {
    const wrong = el("p", { class: "field-error", role: "alert" });
    const typed = (id, type, word, auto) => el("div", { class: "field" }, el("label", { for: id }, word), el("input", { class: "form-control", id, name: id, type, autocomplete: auto, autocapitalize: "none", spellcheck: "false", required: true }));
    const send = async (event) => {
      event.preventDefault();
      const { username, password } = event.target.elements, body = new URLSearchParams({ username: username.value, password: password.value });
      const answer = await fetch("/api/sign-in", { method: "POST", body, credentials: "same-origin" }).catch(() => null);
      const said = await answer?.json().catch(() => null);
      if (answer?.ok && said) return close(said);
      wrong.textContent = said?.error ?? t("no-signal-login");
    };
    return el("form", { onsubmit: send }, why ? note("warning", why) : "", typed("username", "text", t("user"), "username"), typed("password", "password", t("password"), "current-password"), wrong, el("button", { class: "btn btn-primary btn-big" }, t("sign-in")));
  });
}

/** What is unsent, and what can be done about it. */
export function unsent({ state, outbox, number, kick }) {
  const { me, waiting, day, photosWrong } = state;
  return sheet(t("unsent-title"), t("close"), (close) => {
    const row = (word, value) => [el("dt", {}, word), el("dd", { class: "tnum" }, value)];
    const button = (name, word, act) => el("button", { type: "button", class: "btn btn-quiet btn-wide", onclick: act }, icon(name), word);
    const keep = async () => save(await exported(outbox, me, number), `dispatch-${me.name}-${new Date().toISOString().slice(0, 10)}.ndjson`);
    return el("div", {},
      el("dl", { class: "facts" }, row(t("records"), String(waiting.facts)), row(t("photos"), String(waiting.photos)), row(t("contact"), day ? age(day.at) : t("never"))),
      photosWrong.map((why) => note("danger", why === "damaged" ? t("photo-damaged") : t("photo-refused", { why }))),
      waiting.others ? note("warning", t("of-others", { n: waiting.others })) : "",
      el("div", { class: "form-buttons" },
        me && button("arrow-repeat", t("send-now"), () => { close(); kick(); }),
        me && button("download", t("export"), keep), me && el("p", { class: "field-help" }, t("export-why")),
        button("translate", t("language"), switchLanguage),
        el("a", { class: "btn btn-quiet btn-wide", href: "/my-day" }, t("pages"))));
  });
}
