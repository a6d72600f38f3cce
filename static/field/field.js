// Where the phone is, if it may say so: asked when a form that wants to know is sent, and never waited for longer than five seconds.

const PATIENCE = 5000;
const asked = new WeakSet();

function place() {
  return new Promise((found) => {
    if (!navigator.geolocation) return found(null);
    setTimeout(found, PATIENCE, null);
    const wishes = { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 60000 };
    navigator.geolocation.getCurrentPosition((position) => found(position.coords), () => found(null), wishes);
  });
}

function fill(form, coords) {
  if (!coords) return;
  form.elements.lat.value = coords.latitude;
  form.elements.lon.value = coords.longitude;
  form.elements.accuracy_m.value = coords.accuracy;
}

// Caught before other listeners, so that the form is sent once, with the place in it.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-position]") || asked.has(form)) return;
  event.preventDefault();
  event.stopPropagation();
  if (form.dataset.asking) return;
  form.dataset.asking = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  fill(form, await place());
  asked.add(form);
  form.requestSubmit(event.submitter);
}, true);

// Other forms take the place along if the phone may tell it and knows it by the time they are sent: nobody waits for it.
async function note() {
  const forms = [...document.querySelectorAll("form:not([data-position]):has([name=lat])")];
  if (!forms.length || !navigator.permissions) return;
  const may = await navigator.permissions.query({ name: "geolocation" }).catch(() => null);
  if (may?.state !== "granted") return;
  const coords = await place();
  for (const form of forms) fill(form, coords);
}
note();

addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-asking]")) {
    asked.delete(form);
    delete form.dataset.asking;
  }
});

// An ending that was typed says which one is meant: what was chosen before no longer counts.
document.addEventListener("input", (event) => {
  const typed = event.target.closest?.(".choose")?.querySelector("[data-filter-list]");
  if (!typed || event.target !== typed || !typed.value.trim()) return;
  for (const choice of typed.closest(".choose").querySelectorAll("[type=radio]:checked")) choice.checked = false;
});
document.addEventListener("change", (event) => {
  if (!event.target.matches?.(".choose [type=radio]")) return;
  const typed = event.target.closest(".choose").querySelector("[data-filter-list]");
  if (!typed?.value) return;
  typed.value = "";
  typed.dispatchEvent(new Event("input", { bubbles: true }));
});

// Results that were changed after they had been kept: the big button keeps them first.
document.addEventListener("input", (event) => {
  if (event.target.closest?.("#test")) document.body.classList.add("is-changed");
});

// A test-run of which every point has an answer has no rest that could pass: the big button keeps what was chosen.
function answered() {
  const points = [...document.querySelectorAll("#test .point")];
  document.body.classList.toggle("is-answered", points.length > 0 && points.every((one) => one.matches(".point-may") || one.querySelector("[type=radio]:checked")));
}
document.addEventListener("input", answered);
answered();

// A refused form opens where something is to be mended.
document.querySelector("[aria-invalid=true], .has-error")?.scrollIntoView({ block: "center" });
