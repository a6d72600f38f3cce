// Lists: rows that open, checked rows and their bar, columns one wants to see, a filter on the page, times that stay true.

// rows ---------------------------------------------------------------------------------------------------------------

const OWN = "a, button, input, select, textarea, label, summary, details";

document.addEventListener("click", (event) => {
  const row = event.target.closest?.("tr[data-href]");
  if (!row || event.target.closest(OWN) || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

// checked rows -------------------------------------------------------------------------------------------------------

function showChecked(form) {
  const boxes = [...form.querySelectorAll("[data-check]")];
  const checked = boxes.filter((box) => box.checked).length;
  const all = form.querySelector("[data-check-all]");
  if (all) {
    all.checked = checked > 0 && checked === boxes.length;
    all.indeterminate = checked > 0 && checked < boxes.length;
  }
  const bar = form.querySelector("[data-bulk-bar]");
  if (!bar) return;
  bar.hidden = checked === 0;
  const words = bar.querySelector("[data-bulk-words]");
  words.textContent = words.dataset.bulkWords.replace("{n}", checked);
}

function checkEvery(form, on) {
  for (const box of form.querySelectorAll("[data-check]")) box.checked = on && !box.closest("[hidden]");
  showChecked(form);
}

let lastBox = null;

// Shift takes every row between the last box and this one.
function checkRange(form, box) {
  const boxes = [...form.querySelectorAll("[data-check]")];
  const [from, to] = [boxes.indexOf(lastBox), boxes.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
}

document.addEventListener("click", (event) => {
  const form = event.target.closest?.("[data-bulk]");
  if (!form) return;
  if (event.target.matches("[data-check-all]")) checkEvery(form, event.target.checked);
  if (event.target.closest("[data-check-page]")) checkEvery(form, true);
  if (event.target.closest("[data-bulk-clear]")) checkEvery(form, false);
  if (event.target.matches("[data-check]")) {
    if (event.shiftKey && lastBox) checkRange(form, event.target);
    lastBox = event.target;
    showChecked(form);
  }
});

// X checks the row in which the keyboard is, Shift and X every row since the last.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.("textarea, select, input:not([type=checkbox])")) return;
  event.target.closest?.("tr")?.querySelector("[data-check]")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: event.shiftKey }));
});

// A page that comes back out of the browser's memory, or keeps its boxes on reload, says what is checked.
addEventListener("pageshow", () => document.querySelectorAll("[data-bulk]").forEach(showChecked));

// columns ------------------------------------------------------------------------------------------------------------

const columnKey = (name) => `columns:${name}`;

function hiddenColumns(name) {
  try {
    return new Set(JSON.parse(localStorage.getItem(columnKey(name)) || "[]"));
  } catch {
    return new Set();
  }
}

function applyColumns(name) {
  const hidden = hiddenColumns(name);
  for (const table of document.querySelectorAll("table[data-table]")) {
    if (table.dataset.table !== name) continue;
    [...table.querySelectorAll("thead th")].forEach((head, place) => {
      if (!head.dataset.col) return;
      for (const row of table.rows) if (row.cells[place]) row.cells[place].hidden = hidden.has(head.dataset.col);
    });
  }
}

document.addEventListener("change", (event) => {
  const menu = event.target.closest?.("[data-columns]");
  if (!menu) return;
  const hidden = [...menu.querySelectorAll("input:not(:checked)")].map((box) => box.value);
  localStorage.setItem(columnKey(menu.dataset.columns), JSON.stringify(hidden));
  applyColumns(menu.dataset.columns);
});

function restoreColumns() {
  for (const menu of document.querySelectorAll("[data-columns]")) {
    const hidden = hiddenColumns(menu.dataset.columns);
    for (const box of menu.querySelectorAll("input")) box.checked = !hidden.has(box.value);
    applyColumns(menu.dataset.columns);
  }
}

// A head can stick to the window only where its table does not have to scroll sideways.
const widths = new ResizeObserver((seen) => {
  for (const { target } of seen) target.classList.toggle("is-roomy", roomy(target));
});

const roomy = (card) => [...card.querySelectorAll("table")].every((table) => table.offsetWidth <= card.clientWidth);

function watchWidths() {
  for (const card of document.querySelectorAll(".card-flush:has(> table.list, > form > table.list)")) widths.observe(card);
}

// filter on the page -------------------------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const wanted = event.target.dataset?.filterList;
  if (!wanted) return;
  const word = event.target.value.trim().toLowerCase();
  for (const item of document.querySelectorAll(wanted)) item.hidden = !(item.dataset.words || item.textContent).toLowerCase().includes(word);
});

// relative times -----------------------------------------------------------------------------------------------------

const STEPS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const teller = new Intl.RelativeTimeFormat(document.documentElement.lang);

/** Seconds from now (negative: past) as words, by the steps the server uses; null when it is just now. */
export function ago(seconds) {
  if (Math.abs(seconds) < 45) return null;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= 1.2 * length) || ["minute", 60];
  return teller.format(Math.sign(seconds) * Math.max(1, Math.round(Math.abs(seconds) / size)), unit);
}

function refreshTimes() {
  for (const place of document.querySelectorAll("[data-ago]")) {
    const seconds = (Date.parse(place.dataset.ago) - Date.now()) / 1000;
    place.textContent = ago(seconds) ?? place.textContent;
  }
}

setInterval(refreshTimes, 60000);
/** A wide table that goes by days shows today first, and the day before it. */
function showToday() {
  for (const day of document.querySelectorAll("thead .is-today")) {
    const box = day.closest("table").parentElement;
    const names = day.parentElement.firstElementChild.offsetWidth;
    box.scrollLeft = day.offsetLeft - names - day.offsetWidth;
  }
}

function start() {
  restoreColumns();
  showToday();
  watchWidths();
}

document.addEventListener("htmx:afterSwap", start);
start();
