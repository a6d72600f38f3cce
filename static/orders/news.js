// An open order page asks whether anything has happened and shows it, without taking away what somebody is typing.

const EVERY = 1500;
const WATCHING = { "Dispatch-Watching": "1" }; // nobody is at the keyboard: it must not keep a sign-in alive
const SECTIONS = "#on-site, #papers";

const note = document.getElementById("news");
let stopped = false;
let pending = false;
let asking = false;

const content = () => document.getElementById("content");
const page = () => content().querySelector("[data-news]");

// asking -------------------------------------------------------------------------------------------------------------

async function look() {
  if (stopped || asking || document.hidden || !page()) return;
  asking = true;
  try {
    await ask();
  } catch {
    // Without a network there is no news; the next look may bring some.
  } finally {
    asking = false;
  }
}

async function ask() {
  const { news, seen } = page().dataset;
  const answer = await fetch(`${news}?seen=${seen}`, { headers: WATCHING, redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 404) stop();
  else if (answer.status === 200) pending = true;
  if (pending) busy() ? tell(true) : show();
}

function stop() {
  stopped = true;
  clearInterval(timer);
}

const timer = setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);

// showing ------------------------------------------------------------------------------------------------------------

// Typing, choosing, a dialog, marked words, or a page that answers a refusal and holds what was typed.
function busy() {
  if (location.pathname !== page().dataset.page || document.querySelector("dialog[open], details.menu[open]")) return true;
  if (content().contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
  const marked = getSelection();
  return marked.type === "Range" && content().contains(marked.anchorNode);
}

function tell(on) {
  note.hidden = !on;
}

note.querySelector("button").addEventListener("click", () => {
  if (location.pathname === page().dataset.page) show();
  else location.assign(page().dataset.page);
});

let showing = false;

async function show() {
  if (showing) return;
  showing = true;
  const kept = keep(content());
  const flashed = [...content().querySelectorAll(":scope > .note")];
  const down = scrollY;
  const { seen } = page().dataset;
  try {
    await htmx.ajax("GET", page().dataset.page + location.search, { target: "#content", select: "#content", swap: "outerHTML", headers: WATCHING });
    pending = false;
    tell(false);
    content().prepend(...flashed);
    restore(content(), kept);
    scrollTo({ top: down, behavior: "instant" });
    for (const section of document.querySelectorAll(SECTIONS)) ask_anew(section);
    if (page()?.dataset.seen === seen) stop(); // it could not be shown: asking again and again would not help
  } finally {
    showing = false;
  }
}

// A section that shows some page of its vehicles stays at that page.
function ask_anew(section) {
  const leaf = section.querySelector("[data-leaf]")?.dataset.leaf;
  if (leaf) htmx.ajax("GET", leaf, { target: section, headers: WATCHING });
  else htmx.trigger(section, "news");
}

// The sections below stay as they are until their own answers come: they are asked by the same rule.
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.triggeringEvent?.type === "news") Object.assign(event.detail.headers, WATCHING);
});

// what was open and what was typed -----------------------------------------------------------------------------------

function keep(within) {
  const folds = new Map(named(within).map(([name, fold]) => [name, fold.open]));
  const typed = new Map();
  for (const field of within.querySelectorAll("input[id]:not([type=hidden], [type=file]), textarea[id]")) {
    if (field.value !== field.defaultValue) typed.set(field.id, field.value);
  }
  return { folds, typed };
}

function restore(within, { folds, typed }) {
  for (const [name, fold] of named(within)) if (folds.has(name)) fold.open = folds.get(name);
  for (const [id, text] of typed) {
    const field = document.getElementById(id);
    if (!field) continue;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// A fold without a name of its own is known by its look and its place among those that look like it.
function named(within) {
  const counts = new Map();
  return [...within.querySelectorAll("details")].map((fold) => {
    const count = (counts.get(fold.className) ?? 0) + 1;
    counts.set(fold.className, count);
    return [fold.id || `${fold.className}:${count}`, fold];
  });
}

let before = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches(SECTIONS)) before = keep(event.detail.target);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (before && event.detail.target.matches(SECTIONS)) restore(event.detail.target, before);
  before = null;
});
