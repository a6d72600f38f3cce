// A photo as an act: made ready on the phone, its bytes beside what it shows.

import { moment } from "./rules.js";

/** { content, photo: ArrayBuffer } of a file of the camera's. */
export async function photographed(file, { kind, line, order, spot }) {
  const { stamp } = await import("../stamp.js");
  const here = spot && { lat: spot.lat, lon: spot.lon, accuracy: spot.accuracy_m };
  const made = await stamp(file, { order, place: here }).catch(() => null);
  const content = { kind, ...(line ? { line } : {}) };
  if (made?.taken_at) content.taken_at = moment(new Date(made.taken_at));
  if (made && made.taken_lat !== "") Object.assign(content, { lat: made.taken_lat, lon: made.taken_lon });
  return { content, photo: await (made?.photo ?? file).arrayBuffer() };
}
