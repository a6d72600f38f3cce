// Photos: each is made ready and sent as soon as it is taken, under a UUID of its own, so that it can be sent again until it has
// arrived.

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // without https there is no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const make = (tag, facts) => Object.assign(document.createElement(tag), facts);
let underWay = 0;
let line = Promise.resolve(); // one after the other: each costs the server the memory of a whole photo

addEventListener("beforeunload", (event) => {
  if (underWay) event.preventDefault();
});

function show(form) {
  const shot = make("li", { className: "is-sending" });
  const image = make("img", { alt: form.dataset.sending });
  const bar = make("progress", { max: 1, value: 0 });
  bar.setAttribute("aria-label", form.dataset.sending);
  shot.append(image, bar);
  form.querySelector("[data-shots]").append(shot);
  return shot;
}

function placeOf({ elements }) {
  const [lat, lon, accuracy] = ["lat", "lon", "accuracy_m"].map((name) => elements[name]?.value);
  return lat ? { lat: Number(lat), lon: Number(lon), accuracy: Number(accuracy) } : null;
}

// As the phone can make it; as it is where it cannot. The server reads either.
async function ready(form, file) {
  try {
    const { stamp } = await import(form.dataset.stamp);
    return (await stamp(file, { order: form.dataset.order, place: placeOf(form) })) ?? { photo: file };
  } catch {
    return { photo: file };
  }
}

async function begin(form, file, key, shot) {
  const made = await ready(form, file);
  shot.querySelector("img").src = URL.createObjectURL(made.photo);
  return send(form, made, key, shot);
}

function send(form, made, key, shot) {
  const request = new XMLHttpRequest();
  const bar = shot.querySelector("progress");
  const body = new FormData();
  body.append("fact", key);
  for (const name of ["lat", "lon", "accuracy_m"]) if (form.elements[name]) body.append(name, form.elements[name].value);
  for (const [name, told] of Object.entries(made)) if (name !== "photo") body.append(name, told);
  body.append("photo", made.photo, made.photo.name ?? "photo.jpg");
  request.upload.onprogress = (event) => { bar.value = event.lengthComputable ? event.loaded / event.total : 0; };
  request.onload = () => (request.status === 201 ? arrived(shot, JSON.parse(request.response).url) : failed(form, made, key, shot, request));
  request.onerror = () => failed(form, made, key, shot, request);
  request.onloadend = () => { underWay -= 1; };
  request.open("POST", form.action);
  request.setRequestHeader("X-Photo", "1");
  return new Promise((over) => {
    request.addEventListener("loadend", over);
    request.send(body);
  });
}

function arrived(shot, url) {
  const image = shot.querySelector("img");
  image.alt = "";
  shot.className = "";
  const link = make("a", { href: url });
  link.setAttribute("aria-label", new Date().toLocaleTimeString());
  link.append(image);
  shot.replaceChildren(link);
  for (const big of document.querySelectorAll("[data-camera-big]")) big.hidden = true;
  for (const asking of document.querySelectorAll("[data-until-photo]")) asking.hidden = true;
  for (const next of document.querySelectorAll("[data-after-photo]")) next.hidden = false;
}

function failed(form, made, key, shot, request) {
  const told = said(request);
  const line = make("p", { className: "field-error", textContent: told || form.dataset.failed });
  const failure = make("li", { className: "is-failed" });
  failure.setAttribute("role", "alert");
  failure.append(line);
  if (!told) failure.append(again(form, made, key, failure));
  shot.replaceWith(failure);
}

// A refusal of the server is final for this photo; anything else is worth another try.
function said(request) {
  if (request.status < 400 || request.status >= 500) return "";
  try {
    return JSON.parse(request.response).error;
  } catch {
    return "";
  }
}

function again(form, made, key, failure) {
  const button = make("button", { type: "button", className: "btn btn-quiet", textContent: form.dataset.again });
  button.onclick = () => {
    const shot = show(form);
    shot.querySelector("img").src = URL.createObjectURL(made.photo);
    failure.remove();
    underWay += 1;
    send(form, made, key, shot);
  };
  return button;
}

function take(input) {
  const form = input.closest("[data-photos]");
  for (const old of form.querySelectorAll(".is-failed:not(:has(button))")) old.remove();
  for (const file of input.files) {
    const key = newKey(), shot = show(form);
    underWay += 1;
    line = line.then(() => begin(form, file, key, shot));
  }
  input.value = "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-photos] input[type=file]")) take(event.target);
});

// Taken on a slow line while this script was still on its way.
for (const input of document.querySelectorAll("[data-photos] input[type=file]")) {
  if (input.files.length) take(input);
}
