// The frame: rail, keys, menus, dialogs, copy, toasts, the bar that shows a request under way.

const root = document.documentElement;
const words = document.body.dataset;

// rail ---------------------------------------------------------------------------------------------------------------

function foldRail() {
  const narrow = root.dataset.rail !== "narrow";
  if (narrow) root.dataset.rail = "narrow";
  else delete root.dataset.rail;
  try {
    localStorage.setItem("rail", narrow ? "narrow" : "wide");
  } catch {
    // A browser that keeps nothing forgets the width; that is all.
  }
}

// dialogs and menus --------------------------------------------------------------------------------------------------

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  closeMenus();
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (menu !== except) menu.open = false;
}

// A menu near the edge of a small screen opens to the other side.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLDetailsElement) || !menu.open || !menu.matches(".menu")) return;
  const { left, right } = menu.querySelector(".menu-body").getBoundingClientRect();
  if (left < 0) menu.classList.remove("menu-end");
  else if (right > root.clientWidth) menu.classList.add("menu-end");
}, true);

document.addEventListener("click", (event) => {
  const at = event.target;
  if (!(at instanceof Element)) return;
  closeMenus(at.closest("details.menu"));
  const opener = at.closest("[data-dialog]");
  if (opener) openDialog(opener.dataset.dialog);
  if (at.closest("[data-close]")) at.closest("dialog")?.close();
  if (at instanceof HTMLDialogElement && outside(at, event)) at.close();
  if (at.closest("[data-rail-fold]")) foldRail();
  if (at.closest("[data-back]")) history.back();
  if (at.closest("[data-print]")) print();
  const copy = at.closest("[data-copy]");
  if (copy) copyText(copy);
});

// A click on the backdrop arrives at the dialog itself. One with typing in it stays: a slip must not lose words.
function outside(dialog, event) {
  const box = dialog.getBoundingClientRect();
  const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  const typed = [...dialog.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => field.value !== field.defaultValue);
  return !within && event.detail > 0 && !typed;
}

// copy ---------------------------------------------------------------------------------------------------------------

async function copyText(button) {
  const done = await writeClipboard(button.dataset.copy);
  if (!done) return;
  button.classList.add("is-copied");
  toast(`${button.dataset.copied}: ${button.dataset.copy}`, "success");
  setTimeout(() => button.classList.remove("is-copied"), 1500);
}

// Without https the clipboard interface is missing: the old way still works there.
async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// keys ---------------------------------------------------------------------------------------------------------------

const isTyping = (at) => at instanceof Element && at.closest("input, textarea, select, [contenteditable], dialog[open]");

function focusSearch(event) {
  const field = document.getElementById("search");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

const KEYS = {
  "/": focusSearch,
  "[": foldRail,
  "?": () => openDialog("keys"),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return; // half a Chinese word is not a command
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return focusSearch(event);
  if (event.key === "Escape") return escape(event);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return walk(event);
  if (!event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) KEYS[event.key]?.(event);
});

function escape(event) {
  const menu = event.target instanceof Element && event.target.closest("details.menu[open]");
  closeMenus();
  if (menu) menu.querySelector("summary").focus();
  if (event.target.closest?.(".search")) event.target.blur();
}

// Arrows go through the results under the search field, and through the rows of a list.
function walk(event) {
  const search = event.target.closest?.(".search");
  const list = event.target.closest?.("table.list");
  if (!search && !(list && event.target.matches("a"))) return;
  const stops = search ? [document.getElementById("search"), ...search.querySelectorAll(".search-found a")] : [...list.querySelectorAll("tbody .main a")];
  const next = stops[stops.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

// toasts -------------------------------------------------------------------------------------------------------------

export function toast(text, tone = "info", milliseconds = 6000) {
  const line = document.createElement("div");
  line.className = `toast-line note-${tone}`;
  const sentence = document.createElement("p");
  sentence.textContent = text;
  line.append(sentence);
  document.getElementById("toasts")?.append(line);
  setTimeout(() => line.remove(), milliseconds);
}

document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));

// requests by htmx ---------------------------------------------------------------------------------------------------

let underWay = 0;

function count(step) {
  underWay = Math.max(0, underWay + step);
  document.body.classList.toggle("is-loading", underWay > 0);
}

document.addEventListener("htmx:beforeRequest", () => count(1));
document.addEventListener("htmx:afterRequest", () => count(-1));

// A refusal brings its own sentence as a toast; a silent failure gets ours.
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    if (!event.detail.xhr?.getResponseHeader("HX-Trigger")) toast(words.wordFailed, "danger", 10000);
  });
}
// A refusal without a page of its own leaves standing what stands.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status >= 400 && !event.detail.serverResponse) event.detail.shouldSwap = false;
});

for (const button of document.querySelectorAll("[data-back]")) button.hidden = history.length < 2;
