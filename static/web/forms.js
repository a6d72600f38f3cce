// Forms: what the browser minds is said in our words, a second press does nothing, typing is not lost by a slip, the list of
// errors is where the eye lands.

// what the browser minds ---------------------------------------------------------------------------------------------

const words = document.body.dataset;
const around = (field) => field.closest(".field") || field.parentElement;

function sentence(field) {
  if (field.validity.customError) return field.validationMessage;
  if (!field.validity.valueMissing) return words.wordUnclear;
  if (field.dataset.wordMissing) return field.dataset.wordMissing; // it says itself what it needs
  if (field.type === "file") return words.wordFile;
  return field.matches("select, [type=radio], [type=checkbox]") ? words.wordChoose : words.wordMissing;
}

function tell(field) {
  field.setAttribute("aria-invalid", "true");
  if (around(field).querySelector("[data-minded]")) return; // one sentence for a group of choices
  const line = Object.assign(document.createElement("p"), { className: "field-error", id: `${field.id || field.name}-minded`, textContent: sentence(field) });
  line.dataset.minded = field.getAttribute("aria-describedby") || "";
  field.setAttribute("aria-describedby", `${line.id} ${line.dataset.minded}`.trim());
  around(field).append(line);
}

function untell(field) {
  const line = around(field)?.querySelector("[data-minded]");
  if (!line) return;
  field.removeAttribute("aria-invalid");
  if (line.dataset.minded) field.setAttribute("aria-describedby", line.dataset.minded);
  else field.removeAttribute("aria-describedby");
  line.remove();
}

// The browser's own bubble would speak the browser's language.
document.addEventListener("invalid", (event) => {
  event.preventDefault();
  tell(event.target);
  if (!document.activeElement?.matches(":invalid") || document.activeElement.form !== event.target.form) event.target.focus();
}, true);

// Half a date travels as none: a form that leaves its questions to the server must not lose it in silence.
document.addEventListener("submit", (event) => {
  const unclear = event.target.noValidate ? [...event.target.elements].filter((field) => field.validity?.badInput) : [];
  if (!unclear.length) return;
  event.preventDefault();
  event.stopPropagation();
  unclear.forEach(tell);
  unclear[0].focus();
}, true);

document.addEventListener("input", (event) => untell(event.target));

// second press -------------------------------------------------------------------------------------------------------

function once(event, form, pressed) {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // Disabled only after the browser has gathered the form: a disabled button's own value would be left out.
  setTimeout(() => busy(form, pressed), 0);
}

document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.getAttribute("method") === "post") once(event, event.target, event.submitter);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form instanceof HTMLFormElement && event.detail.requestConfig.verb !== "get") once(event, form, event.detail.requestConfig.triggeringEvent?.submitter);
});

function busy(form, pressed) {
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  pressed?.setAttribute("aria-busy", "true");
}

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button:not([type=button])")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

// Back brings the page out of the browser's memory with its buttons as they were.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(release);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.matches?.("form[data-sent]")) release(event.detail.elt);
});

// unsaved typing -----------------------------------------------------------------------------------------------------

const typed = new Set();

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.hasAttribute("data-guard")) typed.add(form);
});
document.addEventListener("submit", (event) => typed.delete(event.target));
document.addEventListener("reset", (event) => typed.delete(event.target));
addEventListener("beforeunload", (event) => {
  for (const form of typed) if (!form.isConnected) typed.delete(form);
  if (typed.size) event.preventDefault();
});

// small services -----------------------------------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-submit]")) event.target.form.requestSubmit();
});

function focusErrors(within) {
  within.querySelector?.("[data-focus-first]")?.focus();
}

// A link of the summary leads to the field itself, ready to be typed in.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".error-summary a");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});

document.addEventListener("htmx:afterSwap", (event) => focusErrors(event.detail.target));
focusErrors(document);

// counts by tapping --------------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-step]") : null;
  const field = button?.parentElement.querySelector("input");
  if (!field) return;
  const wanted = button.dataset.step === "all" ? Number(field.max) : (Number(field.value) || 0) + Number(button.dataset.step);
  field.value = Math.min(Number(field.max), Math.max(Number(field.min), wanted));
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// a place that was found ---------------------------------------------------------------------------------------------

const PLACE_FIELDS = { source: "[name=source], [name=place_source]", accuracy: "[name=accuracy_m]" };

function tellPlace(form, facts) {
  for (const [name, value] of Object.entries(facts)) {
    const field = form.querySelector(PLACE_FIELDS[name]);
    if (field) field.value = value;
  }
}

document.addEventListener("click", (event) => {
  const found = event.target.closest?.("button[data-place]");
  const field = found?.form?.querySelector("[name=place]");
  if (!field) return;
  const { place, accuracy, source } = found.dataset;
  field.value = place;
  const datum = found.form.querySelector("[name=datum]");
  if (datum) datum.value = "wgs84";
  tellPlace(found.form, { source, accuracy });
  for (const each of found.closest("ul").querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === found));
  field.focus();
});

// ↓ in the field for a place looks its address up, and leads through what was found.
document.addEventListener("keydown", (event) => {
  const form = event.target.form;
  const at = event.target.closest?.(".found-places button");
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || !form || !(at || event.target.name === "place")) return;
  const found = [...form.querySelectorAll(".found-places button")];
  const next = found[found.indexOf(at) + (event.key === "ArrowDown" ? 1 : -1)];
  event.preventDefault();
  if (next) next.focus();
  else if (event.key === "ArrowUp") form.querySelector("[name=place]").focus();
  else if (!found.length) form.querySelector(".place-finder button")?.click();
});

// Typed over, it is what a person says.
document.addEventListener("input", (event) => {
  if (event.target.name === "place" && event.target.form) tellPlace(event.target.form, { source: "pin", accuracy: 20 });
});
