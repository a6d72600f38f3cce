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
  mark(all[(at + by + all.length) % all.length]);
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
    else hasty = who.value.trim().length > 1;
  }
});
who.addEventListener("input", () => {
  hasty = false;
  if (who.value.trim().length < 2) open(false);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== box) return;
  open(true);
  mark(options()[0]);
  if (hasty && answered() && chosen()) choose(chosen());
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

let asked = 0;

async function show(url) {
  const mine = ++asked;
  const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (mine !== asked) return;
  if (!answer?.ok) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: document.body.dataset.wordFailed, tone: "danger" } }));
    return;
  }
  known.innerHTML = await answer.text();
  window.htmx?.process(known);
  fill();
}

// Only an empty field, or one that still holds what an earlier choice put there, is filled: typing is never overwritten.
function put(input, value) {
  if (!input || (input.value !== "" && input.value !== input.dataset.filled)) return;
  input.value = value;
  input.dataset.filled = value;
}

const FILLED = ["customer", "contact", "phone", "plate", "colour", "vin", "model", "purchased_on", "address", "place"];

function fill() {
  const data = known.querySelector("[data-fill]")?.dataset.fill;
  if (!data) return;
  const values = JSON.parse(data);
  for (const name of FILLED) if (name in values || field(name).dataset.filled) put(field(name), values[name] ?? "");
  field("known_vehicle").value = values.known_vehicle;
  field("known_customer").value = values.known_customer;
  suggestColour();
}

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
  const answer = await fetch(`${form.dataset.place}?${said("address")}`).catch(() => null);
  if (answer?.ok) put(field("place"), (await answer.json()).place);
}

// guesses ------------------------------------------------------------------------------------------------------------

const guess = field("colour").options[0];
const unknown = guess.textContent;

// Eight characters are a green plate, seven a blue one; the server guesses alike, and asks the record first.
function suggestColour() {
  const plate = field("plate").value.replace(/[\s·•.\-_]/g, "");
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
