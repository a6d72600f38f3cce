// The looks that are taken at a picture, from the plain one to the hard ones: turned, larger, smaller, brought out, sharpened.

/** In this order; the first is the picture as it is. `turn` in degrees, `part` of it around its middle, `mend` its grey. */
export const TRIES = [
  {},
  { mend: "stretch" },
  { mend: "sharpen", scale: 2 },
  { turn: 14 },
  { turn: -14 },
  { mend: "sharpen" },
  { mend: "stretch", scale: 2 },
  { turn: 28, mend: "stretch" },
  { turn: -28, mend: "stretch" },
  { part: 0.6, scale: 3 },
  { part: 0.6, scale: 3, mend: "sharpen" },
  { turn: 45 },
  { part: 0.7, scale: 2, mend: "harder" },
  { scale: 0.6 },
];
const MOST_PIXELS = 4_000_000;
const TILE = 32;

const size = (source) => [source.videoWidth || source.width, source.videoHeight || source.height];

/** One look at a picture or film: its pixels as this try wants them. */
export function look(source, { turn = 0, scale = 1, part = 1, mend = "" } = {}, canvas = document.createElement("canvas"), limit = MOST_PIXELS) {
  const [whole, tall] = size(source), [wide, high] = [whole * part, tall * part];
  const angle = (turn * Math.PI) / 180, most = Math.min(scale, Math.sqrt(limit / (wide * high)));
  const [w, h] = [wide * most, high * most];
  canvas.width = Math.round(Math.abs(w * Math.cos(angle)) + Math.abs(h * Math.sin(angle)));
  canvas.height = Math.round(Math.abs(w * Math.sin(angle)) + Math.abs(h * Math.cos(angle)));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.rotate(angle);
  pen.drawImage(source, (whole - wide) / 2, (tall - high) / 2, wide, high, -w / 2, -h / 2, w, h);
  const picture = pen.getImageData(0, 0, canvas.width, canvas.height);
  return mend ? paint(picture, MENDS[mend](grey(picture))) : picture;
}

export function grey({ data, width, height }) {
  const tones = new Float32Array(width * height);
  for (let at = 0, from = 0; at < tones.length; at += 1, from += 4) tones[at] = data[from] * 0.299 + data[from + 1] * 0.587 + data[from + 2] * 0.114;
  return { tones, width, height };
}

function paint(picture, { tones }) {
  for (let at = 0, to = 0; at < tones.length; at += 1, to += 4) picture.data[to] = picture.data[to + 1] = picture.data[to + 2] = tones[at];
  return picture;
}

/** Light and dark of each neighbourhood pulled apart to white and black: shade, glare and faded print. */
export function stretch({ tones, width, height }) {
  const across = Math.ceil(width / TILE), down = Math.ceil(height / TILE);
  const low = new Float32Array(across * down).fill(255), high = new Float32Array(across * down);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      const tile = Math.floor(y / TILE) * across + Math.floor(x / TILE);
      if (tones[at] < low[tile]) low[tile] = tones[at];
      if (tones[at] > high[tile]) high[tile] = tones[at];
    }
  }
  const floor = around(low, across, down, Math.min), roof = around(high, across, down, Math.max);
  const made = new Float32Array(tones.length);
  for (let y = 0, at = 0; y < height; y += 1) {
    const v = Math.max(0, Math.min(down - 1.001, y / TILE - 0.5));
    for (let x = 0; x < width; x += 1, at += 1) {
      const u = Math.max(0, Math.min(across - 1.001, x / TILE - 0.5));
      const from = between(floor, across, u, v), reach = Math.max(24, between(roof, across, u, v) - from);
      made[at] = Math.max(0, Math.min(255, ((tones[at] - from) * 255) / reach));
    }
  }
  return { tones: made, width, height };
}

function around(values, across, down, best) {
  return values.map((value, at) => {
    const x = at % across, y = Math.floor(at / across);
    let found = value;
    for (let dy = -1; dy <= 1; dy += 1) {
      for (let dx = -1; dx <= 1; dx += 1) {
        const [i, j] = [x + dx, y + dy];
        if (i >= 0 && j >= 0 && i < across && j < down) found = best(found, values[j * across + i]);
      }
    }
    return found;
  });
}

function between(values, across, u, v) {
  const x = Math.floor(u), y = Math.floor(v), dx = u - x, dy = v - y, at = y * across + x;
  const right = dx ? 1 : 0, below = dy ? across : 0;
  const top = values[at] * (1 - dx) + values[at + right] * dx;
  return top * (1 - dy) + (values[at + below] * (1 - dx) + values[at + below + right] * dx) * dy;
}

/** What stands out from its surroundings stands out more: a hand that moved, a lens too near. */
export function sharpen(picture, radius = 2, strength = 2.5) {
  const soft = blur(blur(picture, radius), radius).tones;
  const tones = picture.tones.map((tone, at) => Math.max(0, Math.min(255, tone + (tone - soft[at]) * strength)));
  return { ...picture, tones };
}

function blur({ tones, width, height }, radius) {
  return { tones: slide(slide(tones, width, height, 1, width, radius), height, width, width, 1, radius), width, height };
}

// The mean of a window that slides along every line; `step` from one to the next, `line` from line to line.
function slide(tones, length, lines, step, line, radius) {
  const made = new Float32Array(tones.length), window = radius * 2 + 1;
  const cut = (at) => Math.max(0, Math.min(length - 1, at));
  for (let n = 0; n < lines; n += 1) {
    let sum = 0;
    for (let at = -radius; at <= radius; at += 1) sum += tones[n * line + cut(at) * step];
    for (let at = 0; at < length; at += 1) {
      made[n * line + at * step] = sum / window;
      sum += tones[n * line + cut(at + radius + 1) * step] - tones[n * line + cut(at - radius) * step];
    }
  }
  return made;
}

const MENDS = {
  stretch,
  sharpen: (picture) => stretch(sharpen(picture)),
  harder: (picture) => stretch(sharpen(sharpen(picture, 3, 2), 5, 3)),
};

/** One look, and where it read something new another one nearly the same; answers what is agreed upon by now. */
export async function lookTwice(source, one, { read, tally, canvas, limit }) {
  const texts = await read(look(source, one, canvas, limit)), agreed = tally(texts);
  return texts.every((text) => agreed.includes(text)) ? agreed : tally(await read(look(source, beside(one), canvas, limit)));
}

/**
 * Looks at one picture again and again until two looks agree; then once more, because a label carries several numbers. `read` gives
 * the texts of a look, `tally` those that were read often enough, `choose` which is meant. Answers as `choose` does.
 */
export async function search(picture, { read, tally, choose, tries = TRIES }) {
  const canvas = document.createElement("canvas");
  let answer = null, more = 1;
  for (const one of tries) {
    const before = answer;
    answer = choose(await lookTwice(picture, one, { read, tally, canvas })) ?? answer;
    if (before?.number && before.number === answer?.number && (more -= 1) <= 0) break;
    await new Promise((rest) => setTimeout(rest)); // the page stays alive
  }
  return answer;
}

// Nearly the same look: what is really there is read from it too.
const beside = (one) => ({ ...one, turn: (one.turn ?? 0) + 1.5, scale: (one.scale ?? 1) * 0.94 });
