// Small parts of pages, made without markup in texts: what somebody typed is never read as markup.

const SPRITE = new URL("../../vendor/icons/icons.svg", import.meta.url).href;
const SVG = "http://www.w3.org/2000/svg";

/** el("p", { class: "quiet", onclick: act }, "words", child, null) */
export function el(tag, facts = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg"), use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

const NOTES = { info: "info-circle", success: "check-circle", warning: "exclamation-triangle", danger: "exclamation-circle" };

export const note = (tone, sentence, ...more) => el("div", { class: `note note-${tone}` }, icon(NOTES[tone]), el("div", {}, el("p", {}, sentence), more));

const COLOURS = new Set(["blue", "yellow", "green", "yellow-green", "white", "black"]);

export function plate({ plate: number, plate_colour: colour, vin }) {
  if (!number) return el("span", { class: "plate plate-none" }, (vin ?? "").slice(-6));
  const look = (colour ?? "").replace("_", "-");
  return el("span", { class: `plate plate-${COLOURS.has(look) ? look : "odd"}` }, number.slice(0, 2), el("span", { class: "plate-dot" }, "·"), number.slice(2));
}

const TONES = { dispatched: "dispatched", on_the_way: "moving", on_site: "site", finished: "done", abandoned: "refused" };
const MARKS = { dispatched: "send", on_the_way: "truck", on_site: "wrench-adjustable", finished: "check-circle", abandoned: "slash-circle" };

export const status = (code, word) => el("span", { class: `status tone-${TONES[code] ?? "draft"}` }, icon(MARKS[code] ?? "circle"), el("span", {}, word));

/** A sheet over the page: resolves with what `close(value)` is given, null when it is put away. `body(close)` makes its content. */
export function sheet(title, closing, body) {
  return new Promise((over) => {
    let value = null;
    const dialog = el("dialog", { class: "dialog", "aria-labelledby": "sheet-title" });
    const close = (given = null) => { value = given; dialog.close(); };
    dialog.append(
      el("header", {}, el("h2", { id: "sheet-title" }, title), el("button", { type: "button", class: "btn-icon", "aria-label": closing, onclick: () => close() }, icon("x-lg"))),
      el("div", {}, body(close)),
    );
    dialog.addEventListener("close", () => { dialog.remove(); over(value); });
    document.body.append(dialog);
    dialog.showModal();
  });
}
