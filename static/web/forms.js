// Forms: a second press does nothing, typing is not lost by a slip, the list of errors is where the eye lands.

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
