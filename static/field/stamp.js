// A photo made ready on the phone: upright, no larger than what is kept, with time, place and order drawn into it. What the camera
// wrote into the file does not survive that, so it is read first.

const LONGEST = 2048, HEAD = 131072, FRESH = 600_000;
const LARGE = 900_000; // bytes; above it the next quality is tried
const QUALITIES = [0.85, 0.72, 0.58];

/**
 * `place`: where the phone is, if it says so. Answers { photo, taken_at, taken_lat, taken_lon }, and null for what this browser
 * cannot draw (HEIC, for one): that is sent as it is.
 */
export async function stamp(file, { order, place }) {
  const told = await whenAndWhere(file, place), canvas = await fitted(file).catch(() => null);
  if (!canvas) return null;
  draw(canvas, { order, ...told });
  const photo = await packed(canvas);
  canvas.width = canvas.height = 0; // gives the memory back at once
  return photo && { photo, taken_at: told.at, taken_lat: told.lat ?? "", taken_lon: told.lon ?? "" };
}

async function whenAndWhere(file, place) {
  const head = readHead(await file.slice(0, HEAD).arrayBuffer());
  const at = head.at ?? new Date(file.lastModified).toISOString();
  const here = head.lat === null && Math.abs(Date.now() - new Date(at)) < FRESH ? place : head;
  return { at, lat: here?.lat ?? null, lon: here?.lon ?? null, accuracy: here?.accuracy };
}

function sizeOf(file) {
  return new Promise((known, failed) => {
    const image = new Image(), url = URL.createObjectURL(file);
    image.onload = () => known([image.naturalWidth, image.naturalHeight]); // upright, and without decoding all of it
    image.onerror = failed;
    image.src = url;
  });
}

// Made smaller while it is decoded: a canvas of 40 megapixels would be too much for an old phone.
async function fitted(file) {
  const [wide, high] = await sizeOf(file), share = Math.min(1, LONGEST / Math.max(wide, high));
  const smaller = share < 1 ? { resizeWidth: Math.round(wide * share), resizeHeight: Math.round(high * share), resizeQuality: "medium" } : {};
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image", ...smaller });
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: Math.round(wide * share), height: Math.round(high * share) });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas;
}

const packedAs = (canvas, quality) => new Promise((made) => canvas.toBlob(made, "image/jpeg", quality));

async function packed(canvas) {
  let photo = null;
  for (const quality of QUALITIES) {
    photo = await packedAs(canvas, quality);
    if (!photo || photo.size <= LARGE) break;
  }
  return photo;
}

const two = (number) => String(number).padStart(2, "0");

function shown(at) {
  const day = new Date(at);
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())} ${two(day.getHours())}:${two(day.getMinutes())}`;
}

/** A band under the picture's content: when, of which order, where. */
export function draw(canvas, { order, at, lat, lon, accuracy }) {
  const pen = canvas.getContext("2d"), size = Math.max(14, Math.round(Math.max(canvas.width, canvas.height) / 56)), gap = size * 0.6;
  const where = lat === null || lat === undefined ? "" : `${lat.toFixed(5)}, ${lon.toFixed(5)}${accuracy ? ` ±${Math.round(accuracy)} m` : ""}`;
  pen.font = `600 ${size}px system-ui, sans-serif`;
  const words = [shown(at), order, where].filter(Boolean), line = words.join(" · ");
  const lines = pen.measureText(line).width + 2 * gap <= canvas.width ? [line] : [words.slice(0, 2).join(" · "), where].filter(Boolean);
  const high = lines.length * size * 1.35 + gap;
  pen.fillStyle = "rgb(0 0 0 / .62)";
  pen.fillRect(0, canvas.height - high, canvas.width, high);
  pen.fillStyle = "#fff";
  pen.textBaseline = "top";
  lines.forEach((text, n) => pen.fillText(text, gap, canvas.height - high + gap * 0.7 + n * size * 1.35, canvas.width - 2 * gap));
}

// what the camera wrote ----------------------------------------------------------------------------------------------

const NOTHING = { at: null, lat: null, lon: null };

/** Time (without a zone) and place out of the head of a JPEG; what is damaged or missing is null. */
export function readHead(buffer) {
  try {
    const tiff = tiffOf(new DataView(buffer));
    return tiff ? { at: timeIn(tiff), ...placeIn(tiff) } : NOTHING;
  } catch {
    return NOTHING; // cut off in the middle, or full of lies
  }
}

// The segments of a JPEG until the one that begins with "Exif".
function tiffOf(bytes) {
  if (bytes.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; bytes.getUint8(at) === 0xff && bytes.getUint8(at + 1) !== 0xda; at += 2 + bytes.getUint16(at + 2)) {
    if (bytes.getUint16(at) === 0xffe1 && bytes.getUint32(at + 4) === 0x45786966) {
      const tiff = new DataView(bytes.buffer, at + 10);
      return { tiff, little: tiff.getUint16(0) === 0x4949 };
    }
  }
  return null;
}

// Tag -> where its value stands, of one directory.
function directory({ tiff, little }, at) {
  const found = new Map();
  for (let n = 0; at && n < tiff.getUint16(at, little); n += 1) {
    const entry = at + 2 + n * 12;
    found.set(tiff.getUint16(entry, little), { count: tiff.getUint32(entry + 4, little), entry: entry + 8, value: tiff.getUint32(entry + 8, little) });
  }
  return found;
}

const first = (exif) => directory(exif, exif.tiff.getUint32(4, exif.little));

function letters({ tiff }, field) {
  if (!field) return "";
  const from = field.count > 4 ? field.value : field.entry;
  return Array.from({ length: field.count }, (_, n) => String.fromCharCode(tiff.getUint8(from + n))).join("").replace(/\0.*$/, "");
}

function timeIn(exif) {
  const whole = first(exif), inner = directory(exif, whole.get(0x8769)?.value);
  const written = letters(exif, inner.get(0x9003)) || letters(exif, whole.get(0x0132));
  const [, day, clock] = /^(\d{4}:\d\d:\d\d) (\d\d:\d\d:\d\d)/.exec(written) ?? [];
  const at = day ? `${day.replaceAll(":", "-")}T${clock}` : "";
  return Number.isNaN(Date.parse(at)) || at < "1990" ? null : at;
}

function degrees({ tiff, little }, field) {
  const [degree, minute, second] = [0, 8, 16].map((at) => tiff.getUint32(field.value + at, little) / tiff.getUint32(field.value + at + 4, little));
  return degree + minute / 60 + second / 3600;
}

function placeIn(exif) {
  const gps = directory(exif, first(exif).get(0x8825)?.value);
  if (!gps.get(2) || !gps.get(4)) return { lat: null, lon: null };
  const lat = degrees(exif, gps.get(2)) * (letters(exif, gps.get(1)) === "S" ? -1 : 1);
  const lon = degrees(exif, gps.get(4)) * (letters(exif, gps.get(3)) === "W" ? -1 : 1);
  return Number.isFinite(lat) && Number.isFinite(lon) && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat || lon) ? { lat, lon } : { lat: null, lon: null };
}
