// Taking a call with the keyboard alone: search, choose, what is known falls into the fields, save.

const form = document.getElementById("call");
const who = document.getElementById("who");
const box = document.getElementById("found-box");
const known = document.getElementById("known");
const field = (name) => form.elements[name];

// the list under the search field ------------------------------------------------------------------------------------

let hasty = false; // Enter was pressed before the answer to what stands in the field had come

const options = () => [...box.querySelectorAll("[role=option]")];
const chosen = () => box.querySelector("[aria-selected=true]");
const answered = () => box.querySelector("[data-q]")?.dataset.q === who.value.trim().replace(/\s+/g, " ");

function mark(option) {
  for (const other of options()) other.setAttribute("aria-selected", String(other === option));
  if (option) {
    who.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else who.removeAttribute("aria-activedescendant");
}

// Nobody is taken for the caller by the mere order of a list: only what leaves no other choice is chosen beforehand.
const sure = () => (options().length === 1 ? options()[0] : (box.querySelector("[data-exact]") ?? null));

function open(yes) {
  box.classList.toggle("is-shut", !yes);
  who.setAttribute("aria-expanded", String(yes && options().length > 0));
  if (!yes) mark(null);
}

function step(by) {
  const all = options();
  if (!all.length) return;
  open(true);
  const at = all.indexOf(chosen());
  mark(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
}

who.addEventListener("keydown", (event) => {
  if (event.isComposing) return; // half a Chinese word is no choice
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    open(false);
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    if (answered() && chosen()) choose(chosen());
    else hasty = who.value.trim().length > 1 && !answered();
  }
});
who.addEventListener("input", () => {
  hasty = false;
  if (who.value.trim().length < 2) open(false);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== box) return;
  open(true);
  mark(sure());
  if (!hasty || !answered()) return;
  hasty = false;
  if (chosen()) choose(chosen());
});

box.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
box.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) choose(option);
});
known.addEventListener("click", (event) => {
  const button = event.target.closest("[data-known]");
  if (button) show(button.dataset.known).then(focusNext);
});

function choose(option) {
  hasty = false;
  open(false);
  if (option.dataset.start) {
    put(field(option.dataset.start), option.dataset.text);
    suggestColour();
    focusNext();
  } else show(option.dataset.known).then(focusNext);
}

// what is known ------------------------------------------------------------------------------------------------------

const asked = {}; // kind of question -> the one that is not answered yet

// Ask the server; a later question of the same kind ends this one, which then answers null.
async function ask(kind, url, headers = {}) {
  asked[kind]?.abort();
  const mine = (asked[kind] = new AbortController());
  try {
    const answer = await fetch(url, { headers, signal: mine.signal });
    return { ok: answer.ok, text: await answer.text() };
  } catch {
    return mine.signal.aborted ? null : { ok: false };
  } finally {
    if (asked[kind] === mine) delete asked[kind];
  }
}

async function show(url) {
  const answer = await ask("known", url, { "HX-Request": "true" });
  if (!answer) return;
  if (!answer.ok) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: document.body.dataset.wordFailed, tone: "danger" } }));
    return;
  }
  known.innerHTML = answer.text;
  window.htmx?.process(known);
  fill();
}

// Only an empty field, or one that still holds what an earlier choice put there, is filled: typing is never overwritten.
// A field somebody has just gone to is filled as if chosen, so that the first key replaces it and is not added to it.
function put(input, value) {
  if (!input || (input.value !== "" && input.dataset.filled === undefined)) return;
  input.value = value;
  input.dataset.filled = value;
  if (input === document.activeElement) input.select?.();
}
form.addEventListener("input", (event) => {
  delete event.target.dataset.filled;
  if (event.target.name === "plate" || event.target.name === "vin") holdJoining();
});

// While another plate or VIN stands there than that of the vehicle shown, its order is not what this call joins.
function holdJoining() {
  const join = document.getElementById("f-join");
  const shown = JSON.parse(known.querySelector("[data-fill]")?.dataset.fill ?? "{}");
  const differs = (name) => Boolean(shown[name]) && bare(field(name).value) !== bare(shown[name]);
  if (join) join.disabled = differs("plate") || (!shown.plate && differs("vin"));
}

const OF_CUSTOMER = ["customer", "contact", "phone", "address", "place"];
const OF_VEHICLE = ["plate", "colour", "vin", "model", "purchased_on"];
const FILLED = [...OF_CUSTOMER, ...OF_VEHICLE];

function fill() {
  const data = known.querySelector("[data-fill]")?.dataset.fill;
  if (!data && !plateTyped()) return;
  const values = data ? JSON.parse(data) : {};
  const vehicle = anotherVehicle(values.plate) ? {} : values;
  if (data) {
    putAll(OF_CUSTOMER, values);
    field("known_customer").value = values.known_customer;
  }
  putAll(OF_VEHICLE, vehicle); // with nothing: a plate nobody knows takes back what came of another vehicle
  field("known_vehicle").value = vehicle.known_vehicle ?? "";
  suggestColour();
}

function putAll(names, values) {
  for (const name of names) if (name in values || field(name).dataset.filled) put(field(name), values[name] ?? "");
}

const bare = (plate) => plate.replace(/[\s·•.\-_]/g, "").toUpperCase();

const plateTyped = () => field("plate").value !== "" && field("plate").dataset.filled === undefined;

// What was found (by the customer, by the VIN) is not the vehicle whose plate was typed.
const anotherVehicle = (plate) => Boolean(plate) && plateTyped() && !bare(field("plate").value).startsWith(plate);

// What the server put there itself counts as filled, too.
{
  const values = JSON.parse(known.querySelector("[data-fill]")?.dataset.fill ?? "{}");
  for (const name of FILLED) if (name in values && field(name).value === values[name]) field(name).dataset.filled = values[name];
}

const NEEDED = ["customer", "contact", "phone", "plate", "model", "address"];

function focusNext() {
  const missing = NEEDED.find((name) => field(name).value.trim() === "" && !(name === "plate" && field("vin").value.trim()));
  if (missing) field(missing).focus();
  else (form.querySelector("[name=symptom]:checked") ?? document.getElementById("f-symptom")).focus();
}

const lookUp = (query) => show(`${form.dataset.known}?${query}`);

const said = (...names) => new URLSearchParams(names.map((name) => [name, field(name).value.trim()])).toString();

form.addEventListener("change", (event) => {
  const { name, value } = event.target;
  if ((name === "plate" || name === "vin") && value.trim()) lookUp(said(name, ...(name === "plate" ? ["colour"] : [])));
  if (name === "customer" && value.trim() && !field("plate").value && !field("vin").value) lookUp(said("customer"));
  if (name === "address" && value.trim()) remember();
});

// Where an address was the last time.
async function remember() {
  const answer = await ask("place", `${form.dataset.place}?${said("address")}`);
  if (answer?.ok) put(field("place"), JSON.parse(answer.text).place);
}

// guesses ------------------------------------------------------------------------------------------------------------

const guess = field("colour").options[0];
const unknown = guess.textContent;

// Eight characters are a green plate, seven a blue one; the server guesses alike, and asks the record first.
function suggestColour() {
  const plate = bare(field("plate").value);
  const code = plate.length === 8 ? "green" : "blue";
  const word = [...field("colour").options].find((option) => option.value === code).textContent;
  guess.textContent = plate.length > 6 ? guess.dataset.word.replace("{}", word) : unknown;
}
field("plate").addEventListener("input", suggestColour);
suggestColour();

const symptoms = document.getElementById("symptoms");
const radios = [...symptoms.querySelectorAll("[name=symptom]")];
let byHand = radios.some((radio) => radio.checked);

symptoms.addEventListener("change", () => {
  byHand = true;
  symptoms.classList.remove("is-guessed");
});
field("symptom_text").addEventListener("input", (event) => {
  if (byHand) return;
  const words = event.target.value.toLowerCase();
  const hit = radios.find((radio) => radio.dataset.hints && radio.dataset.hints.split("|").some((hint) => words.includes(hint.toLowerCase())));
  for (const radio of radios) radio.checked = radio === hit;
  symptoms.classList.toggle("is-guessed", Boolean(hit));
});

// saving -------------------------------------------------------------------------------------------------------------

const LONGEST_WAIT = 1500; // milliseconds

const undecided = () => hasty || Object.keys(asked).length > 0;
let held = false;

// What was just looked up belongs to the call: saving waits for the answer, though not for long.
form.addEventListener("submit", (event) => {
  if (!held && !undecided()) return;
  event.preventDefault();
  if (!held) hold(event.submitter);
});

async function hold(button) {
  held = true;
  button?.setAttribute("aria-busy", "true");
  for (const until = performance.now() + LONGEST_WAIT; undecided() && performance.now() < until; ) await new Promise((on) => setTimeout(on, 20));
  for (const [kind, question] of Object.entries(asked)) {
    question.abort();
    delete asked[kind];
  }
  hasty = held = false;
  form.requestSubmit(button);
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.target.matches?.("#call [type=radio]")) {
    event.preventDefault();
    form.requestSubmit();
  }
});
