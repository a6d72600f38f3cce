// The field in which the customer signs. Strokes are kept as shares of the field's width, so turning the phone keeps them, and a
// page that is drawn anew shows them again.

const PROGRAM = new URL("../../../vendor/signature-pad/signature_pad.min.js", import.meta.url).href;
const round = (share) => Math.round(share * 10_000) / 10_000;

/** { strokes(), clear() }; `changed(strokes)` hears of each stroke. `busy` is so until a stroke leaves something. */
export function createPad(canvas, { strokes = [], changed, busy = canvas, program = PROGRAM }) {
  let drawn = strokes, pad = null;
  const say = (next) => { drawn = next; changed(next); };

  function fit() {
    const { width: wide, height: high } = canvas.getBoundingClientRect(), ratio = Math.max(devicePixelRatio || 1, 1);
    if (!wide) return;
    Object.assign(canvas, { width: wide * ratio, height: high * ratio });
    canvas.getContext("2d").scale(ratio, ratio);
    const { minWidth, maxWidth, penColor } = pad;
    pad.clear();
    if (drawn.length) pad.fromData(drawn.map((stroke) => ({ minWidth, maxWidth, penColor, points: stroke.map(([x, y, time]) => ({ x: x * wide, y: y * wide, time, pressure: 0.5 })) })));
    busy.removeAttribute("aria-busy");
  }

  function read() {
    const wide = canvas.getBoundingClientRect().width, all = pad.toData(), from = all[0]?.points[0]?.time ?? 0;
    say(all.map(({ points }) => points.map(({ x, y, time }) => [round(x / wide), round(y / wide), time - from])));
  }

  busy.setAttribute("aria-busy", "true");
  import(program).then(({ default: SignaturePad }) => {
    pad = new SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.6, penColor: "#14213d" });
    pad.addEventListener("endStroke", read);
    new ResizeObserver(fit).observe(canvas);
  });
  return { strokes: () => drawn, clear: () => { pad?.clear(); say([]); } };
}
