// The page on which the customer signs: the field, and the form that sends what was drawn in it.

const box = document.querySelector("[data-pad]");
const canvas = box.querySelector("canvas");
const form = box.closest("form");
const { createPad } = await import(box.dataset.pad);

function changed({ length }) {
  if (length) tell("");
  document.body.classList.toggle("is-changed", length > 0); // the big button sends what was signed anew
}

function tell(sentence) {
  const line = box.querySelector("[data-pad-error]");
  line.hidden = !sentence;
  line.querySelector("span").textContent = sentence;
}

const pad = createPad(canvas, { changed, busy: box, program: box.dataset.program });
box.querySelector("[data-pad-clear]").addEventListener("click", () => pad.clear());

// Before any other listener, so at the window: an empty field is told at once, and asks neither for the place nor the server.
addEventListener("submit", (event) => {
  if (event.target !== form) return;
  form.elements.points.value = JSON.stringify(pad.strokes());
  if (pad.strokes().length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(box.dataset.empty);
  canvas.scrollIntoView({ block: "center" });
}, true);
