// The page that scans: the camera's film with a line to aim, what was read, and the ways out: type it, or take a photo of it.

const MEMORY = 14; // looks that count together: what was before the camera a while ago is forgotten
const SETTLE = 500, ASK_AFTER = 1200; // milliseconds: a label carries several numbers, and not all are read at once
const FILM_PIXELS = 2_000_000; // of one look: an old phone must not stand still for it
const LABEL_SIDE = 1280;

const all = (selector) => (selector ? [...document.querySelectorAll(selector)] : []);
const numbersOf = (place) => (place.dataset.numbers ?? place.value ?? "").split(/\s+/).filter(Boolean);

async function partsOf(scanner) {
  const addresses = JSON.parse(scanner.dataset.parts);
  const [choice, tries, camera, reader] = await Promise.all(["choice", "tries", "camera", "reader"].map((name) => import(addresses[name])));
  const { draw } = addresses.stamp ? await import(addresses.stamp) : {};
  const opening = reader.openReader({ script: addresses.zxing, wasm: addresses.wasm });
  opening.catch(() => null); // told to whoever waits for it
  return { ...choice, ...tries, ...camera, draw, opening };
}

/** Scans for the field that a button names; resolves when the page of the scanner is closed, with or without a number. */
export async function scan(button, scanner, told) {
  const parts = await partsOf(scanner);
  const dialog = scanner.content.firstElementChild.cloneNode(true);
  const field = document.querySelector(button.dataset.scan);
  const at = { button, field, told, dialog, parts, say: { ...scanner.dataset }, video: dialog.querySelector("video"), open: true, several: field.matches("textarea") };
  dialog.querySelector("h2").textContent = button.dataset.title;
  document.body.append(dialog);
  dialog.showModal();
  const closed = new Promise((over) => dialog.addEventListener("close", over, { once: true }));
  listen(at);
  begin(at).catch(() => tell(at, at.say.failed));
  await closed;
  at.open = false;
  at.camera?.stop();
  dialog.remove();
}

function listen(at) {
  const on = (part, act) => at.dialog.querySelector(`[data-${part}]`).addEventListener("click", act);
  on("close", () => at.dialog.close());
  on("type", () => { at.dialog.close(); setTimeout(() => at.field.focus()); });
  on("light", (event) => {
    const lit = event.currentTarget.ariaPressed !== "true";
    event.currentTarget.ariaPressed = String(lit);
    at.camera.light(lit).catch(() => null);
  });
  at.dialog.querySelector("[data-still]").addEventListener("change", (event) => still(at, event.target).catch(() => tell(at, at.say.unread)));
}

function tell(at, sentence) {
  const line = at.dialog.querySelector("[data-said]");
  if (line.textContent !== sentence) line.textContent = sentence;
}

async function begin(at) {
  tell(at, at.say.starting);
  at.camera = await at.parts.openCamera(at.video).catch((failure) => {
    at.dialog.classList.add("is-blind");
    tell(at, at.say[failure.message] ?? at.say.missing);
  });
  if (!at.camera) return;
  if (!at.open) return at.camera.stop();
  at.dialog.querySelector("[data-light]").hidden = !at.camera.light;
  at.read = await at.parts.opening;
  tell(at, at.say.aim);
  await watch(at);
}

// what is meant ------------------------------------------------------------------------------------------------------

const known = (at) => all(at.button.dataset.known).map(numbersOf);

function barred(at) {
  return all(at.button.dataset.not).flatMap(numbersOf);
}

function choose(at, texts) {
  return at.parts.choose(at.button.dataset.wanted, texts, { known: known(at), not: barred(at) });
}

// the film -----------------------------------------------------------------------------------------------------------

// Every second look is the plain one, the others go through the hard ones in turn: the film never stands still for long.
function next(tries, n) {
  return n % 2 ? tries[1 + ((n >> 1) % (tries.length - 1))] : tries[0];
}

async function watch(at) {
  const { createTally, lookTwice, TRIES } = at.parts;
  const canvas = document.createElement("canvas");
  at.tally = createTally({ memory: MEMORY });
  for (let n = 0; at.open; n += 1) {
    await new Promise((rest) => setTimeout(rest, 30));
    if (at.video.readyState < 2 || document.hidden) continue;
    const agreed = await lookTwice(at.video, next(TRIES, n), { read: at.read, tally: at.tally, canvas, limit: FILM_PIXELS });
    if (at.open) heard(at, choose(at, agreed));
  }
}

function heard(at, answer) {
  const now = performance.now(), same = answer && JSON.stringify(answer) === JSON.stringify(at.answer);
  if (!same) Object.assign(at, { answer, since: now });
  if (at.several && at.field.value.split(/\n/).includes(answer?.number)) return;
  if (answer?.barred) tell(at, at.say[at.button.dataset.barred]);
  if (answer?.number && (answer.known || now - at.since >= SETTLE)) take(at, answer);
  if (answer?.several && now - at.since >= ASK_AFTER) ask(at, answer.several);
}

function ask(at, numbers) {
  const list = at.dialog.querySelector("[data-choices]");
  if (list.dataset.shown === numbers.join()) return;
  list.dataset.shown = numbers.join();
  tell(at, at.say.which);
  list.replaceChildren(...numbers.map((number) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-quiet btn-wide tnum", textContent: number });
    button.onclick = () => take(at, { number, known: false });
    return button;
  }));
}

// a photo instead of the film -----------------------------------------------------------------------------------------

async function still(at, input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  tell(at, at.say.reading);
  const picture = await createImageBitmap(file, { resizeWidth: 1600, resizeQuality: "high" });
  const read = await at.parts.opening;
  const answer = await at.parts.search(picture, { read, tally: at.parts.createTally(), choose: (texts) => choose(at, texts) });
  if (!at.open) return;
  if (answer?.number) take(at, answer, picture);
  else if (answer?.several) ask(at, answer.several);
  else tell(at, answer ? at.say[at.button.dataset.barred] : at.say.unread);
}

// done ---------------------------------------------------------------------------------------------------------------

function sound() {
  navigator.vibrate?.(80);
  try {
    const player = new AudioContext(), tone = player.createOscillator();
    tone.frequency.value = 1320;
    tone.connect(player.destination);
    tone.start();
    tone.stop(player.currentTime + 0.09);
    tone.onended = () => player.close();
  } catch {
    // A phone that may make no sound has told it by the page.
  }
}

function take(at, { number, known: mine }, picture = at.video) {
  sound();
  const { field } = at;
  if (at.several) return add(at, number);
  field.value = number;
  field.closest("details")?.setAttribute("open", "");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  at.told.textContent = (mine ? at.say.mine : at.button.dataset.known ? at.say.notMine : at.say.done).replace("{number}", number);
  at.told.classList.toggle("is-mine", Boolean(mine));
  keepLabel(at, picture);
  at.dialog.close();
}

// One after the other into a list, until there are no more.
function add(at, number) {
  const lines = at.field.value.split(/\n/).filter(Boolean);
  if (!lines.includes(number)) at.field.value = [...lines, number].join("\n");
  at.field.closest("details")?.setAttribute("open", "");
  at.field.dispatchEvent(new Event("input", { bubbles: true }));
  at.answer = null;
  at.tally = at.parts.createTally({ memory: MEMORY });
  tell(at, at.say.more.replace("{number}", number).replace("{n}", at.field.value.split(/\n/).filter(Boolean).length));
}

// What was before the camera when the number was read goes along with the form.
function keepLabel(at, picture) {
  const place = document.querySelector(at.button.dataset.label || null);
  const [wide, high] = [picture.videoWidth || picture.width, picture.videoHeight || picture.height];
  if (!place || !wide) return;
  const size = Math.min(1, LABEL_SIDE / Math.max(wide, high)), canvas = document.createElement("canvas");
  Object.assign(canvas, { width: wide * size, height: high * size });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  at.parts.draw?.(canvas, { order: at.say.order, at: Date.now() });
  canvas.toBlob((blob) => {
    const held = new DataTransfer();
    if (blob) held.items.add(new File([blob], "label.jpg", { type: "image/jpeg" }));
    place.files = held.files;
  }, "image/jpeg", 0.75);
}
