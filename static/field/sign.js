// The field in which the customer signs. Strokes are kept as shares of the field's width, so turning the phone keeps them.

const box = document.querySelector("[data-pad]");
const canvas = box.querySelector("canvas");
const form = box.closest("form");
const { default: SignaturePad } = await import(box.dataset.pad);

const pad = new SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.6, penColor: "#14213d" });
let strokes = [];

const width = () => canvas.getBoundingClientRect().width;
const round = (share) => Math.round(share * 10000) / 10000;

function read() {
  const wide = width();
  const first = pad.toData()[0]?.points[0]?.time ?? 0;
  strokes = pad.toData().map((stroke) => stroke.points.map((point) => [round(point.x / wide), round(point.y / wide), point.time - first]));
}

function fit() {
  const { width: wide, height: high } = canvas.getBoundingClientRect();
  const ratio = Math.max(devicePixelRatio || 1, 1);
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  canvas.getContext("2d").scale(ratio, ratio);
  const drawn = strokes.map((stroke) => ({
    minWidth: pad.minWidth,
    maxWidth: pad.maxWidth,
    penColor: pad.penColor,
    points: stroke.map(([x, y, time]) => ({ x: x * wide, y: y * wide, time, pressure: 0.5 })),
  }));
  pad.clear();
  if (drawn.length) pad.fromData(drawn);
}

function tell(sentence) {
  const line = box.querySelector("[data-pad-error]");
  line.hidden = !sentence;
  line.querySelector("span").textContent = sentence;
}

pad.addEventListener("endStroke", () => {
  read();
  tell("");
  document.body.classList.add("is-changed"); // the big button sends what was signed anew
});
box.querySelector("[data-pad-clear]").addEventListener("click", () => {
  pad.clear();
  strokes = [];
  document.body.classList.remove("is-changed");
});
new ResizeObserver(() => {
  fit();
  box.removeAttribute("aria-busy"); // before its first fitting a stroke would have left nothing
}).observe(canvas);

// Before any other listener, so at the window: an empty field is told at once, and asks neither for the place nor the server.
addEventListener("submit", (event) => {
  if (event.target !== form) return;
  form.elements.points.value = JSON.stringify(strokes);
  if (strokes.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(box.dataset.empty);
  canvas.scrollIntoView({ block: "center" });
}, true);
