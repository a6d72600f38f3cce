// The app: what the phone has is shown, what is done is kept, and what is kept is sent.

import { dayPage, visitsOf } from "./day.js";
import { el, icon, note } from "./dom.js";
import { createOutbox } from "./outbox.js";
import { signIn, unsent } from "./sheets.js";
import { stepPage } from "./steps.js";
import { stopPage } from "./stop.js";
import { openStore } from "./store.js";
import { createSync } from "./sync.js";
import { keepApp } from "./update.js";
import { createWire } from "./wire.js";
import { readWords, t } from "./words.js";

const number = Number(document.documentElement.dataset.number);
const [top, content, foot] = ["top", "content", "big"].map((id) => document.getElementById(id));
const state = { me: null, day: null, facts: [], waiting: { facts: 0, photos: 0, others: 0 }, photosWrong: [], sync: "idle", told: null, lasting: true, newer: null };
const tabs = "BroadcastChannel" in self ? new BroadcastChannel("dispatch") : null;
const SAYS = { away: "warning", login: "warning", other: "danger", locked: "danger", refused: "danger", stuck: "danger" };
let outbox = null, sync = null, drawn = null;

async function read() {
  const me = await outbox.me();
  const [day, facts, waiting, photos] = me ? await Promise.all([outbox.day(me.phone), outbox.facts(me.phone), outbox.waiting(me.phone), outbox.wrongPhotos(me.phone)]) : [null, [], await outbox.waiting(null), []];
  Object.assign(state, { me, day, facts, waiting, photosWrong: photos });
}

async function refresh() {
  await read().catch((failure) => { state.told = note("danger", t("no-store")); console.warn(failure); });
  draw();
}

// drawing ------------------------------------------------------------------------------------------------------------

function page() {
  if (!state.day) return { title: t("today"), parts: state.sync === "idle" || state.sync === "sending" ? [] : [el("div", { class: "empty" }, icon("calendar-check"), el("p", {}, t("no-day")))] };
  const [, id, step, line] = /^#visit\/(\d+)(?:\/([a-z]+))?(?:\/(\d+))?$/.exec(location.hash) ?? [];
  return (id && visitPage(Number(id), step, line ? Number(line) : null)) || dayPage(state);
}

/** A visit's own page, or that of one of its steps: `#visit/ID/STEP/LINE`. */
function visitPage(id, step, line) {
  const visit = visitsOf(state).find((one) => one.id === id), page = visit && step ? stepPage(step, draw) : undefined;
  if (page === null) return { title: "", back: `#visit/${id}`, parts: [el("p", { class: "quiet" }, t("step-comes"))] };
  return page ? page(state, visit, line, does) : stopPage(state, id, does);
}

function draw() {
  const { title, count, back, parts, big } = page();
  document.title = `${title} · ${t("today")}`;
  top.replaceChildren(back ? el("a", { class: "phone-back", href: back === true ? "#" : back }, icon("chevron-left"), el("span", {}, t(back === true ? "today" : "back"))) : el("span", { class: "phone-back tnum" }, count ?? ""), el("h1", {}, title), chip());
  const made = [parts, big].map((some) => [some].flat().filter(Boolean)), look = location.hash + made.flat().map(({ outerHTML }) => outerHTML).join("");
  if (look === drawn) return void content.firstElementChild.replaceWith(...notes()); // what somebody is typing in stays as it is
  drawn = look;
  content.replaceChildren(...notes(), ...made[0]);
  foot.replaceChildren(...made[1]);
  foot.hidden = !big;
}

// The count of what is unsent is always in sight.
function chip() {
  const { facts, photos } = state.waiting, open = () => unsent({ state, outbox, number, kick: sync.kick });
  const left = facts || photos ? t(state.sync === "sending" ? "sending" : "unsent", { n: facts || photos }) : t("all-sent");
  return el("button", { type: "button", class: `unsent${facts || photos ? " is-unsent" : ""}`, id: "unsent", "data-left": String(facts), onclick: open }, icon(facts || photos ? "circle-fill" : "check-lg"), el("span", {}, facts && state.sync === "sending" ? `${left} ${facts}` : left));
}

function notes() {
  const found = [state.told], why = state.sync;
  if (SAYS[why]) found.push(note(SAYS[why], t(why), ["login", "other", "locked"].includes(why) ? el("button", { type: "button", class: "btn btn-primary btn-wide", id: "sign-in", onclick: () => enter(t(why)) }, t("sign-in")) : ""));
  if (!state.lasting && state.waiting.facts) found.push(note("info", t("not-lasting")));
  if (state.newer) found.push(newer());
  return [el("div", { role: "status" }, found.filter(Boolean))];
}

// Never in the middle of a visit.
function newer() {
  const busy = state.day && visitsOf(state).some(({ status }) => status === "on_the_way" || status === "on_site");
  return busy ? note("info", t("update-later")) : note("info", t("new-version"), el("button", { type: "button", class: "btn btn-quiet btn-wide", id: "update", onclick: state.newer }, t("update")));
}

// doing --------------------------------------------------------------------------------------------------------------

const does = {
  draw,
  /** Keeps what was done, tells so, and sends it when there is signal. */
  async act(acts) {
    try {
      await outbox.add(acts);
      state.told = null;
    } catch (failure) {
      state.told = note("danger", t(failure?.name === "QuotaExceededError" ? "full" : "not-kept"));
    }
    await changed();
    if (!state.told) sync.kick();
  },
  /** A button that is at work is not pressed again. */
  async busy(button, work) {
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true";
    try {
      await work();
    } catch (failure) {
      console.warn(failure);
      state.told = note("danger", t("not-kept"));
      draw();
    } finally {
      button.ariaBusy = null;
    }
  },
};

async function enter(why) {
  const who = await signIn(why);
  if (!who) return;
  const before = state.me;
  if (before && before.person !== who.id) state.told = note("info", t("new-person", { name: who.name, other: before.name }));
  if (before?.person !== who.id) await outbox.become(who.id, who.name);
  await changed();
  sync.kick();
}

function hear(why) {
  state.sync = why;
  if (why === "wiped") state.told = note("danger", t("wiped"));
}

async function changed() {
  tabs?.postMessage("changed");
  await refresh();
}

async function begin() {
  await readWords();
  try {
    outbox = createOutbox(await openStore(() => location.reload()));
    await outbox.me();
  } catch {
    content.replaceChildren(note("danger", t("no-store")));
    return;
  }
  sync = createSync({ outbox, wire: createWire({ number }), told: hear, changed });
  if (tabs) tabs.onmessage = refresh;
  addEventListener("hashchange", () => { state.told = null; draw(); scrollTo(0, 0); });
  keepApp((take) => { state.newer = take; draw(); }).catch((failure) => console.warn(failure));
  await refresh();
  sync.kick();
  state.lasting = (await navigator.storage?.persist?.().catch(() => false)) ?? false;
}

begin();
