// The map of a day: routes, numbered stops, technicians. Reads JSON (WGS-84) from data-src or from a script child of [data-map].
// What is `quiet` is drawn faintly: only for the way. Maps with data-map="pair" show the same place.

const L = globalThis.L;
const COLOURS = 12;
const GRID_STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005]; // degrees
const TILE = 256; // pixels
const CLEAR = { opacity: 0.9, weight: 3.5 };
const FAINT = { opacity: 0.35, weight: 2 };
const LIT = { opacity: 0.9, weight: 6 };
const DIM = { opacity: 0.15, weight: 3.5 };
const DASHES = [null, "10 6", "2 7"]; // the same colour a second and third time differs by its dashes

class DayMap {
  constructor(element) {
    this.element = element;
    this.inline = element.querySelector("script[type='application/json']")?.textContent;
    this.lines = new Map();
    this.pins = new Map();
    this.dots = [];
    this.marked = null;
  }

  async load() {
    try {
      this.show(this.inline ? JSON.parse(this.inline) : await fetchJson(this.element.dataset.src));
    } catch (error) {
      console.error(error);
      this.say(this.element.dataset.failed);
    }
  }

  show(day) {
    if (!this.map) this.start(day.tiles);
    this.drawn?.remove();
    this.lines.clear();
    this.pins.clear();
    this.dots = [];
    this.drawn = L.featureGroup().addTo(this.map);
    const colours = routeColours(day.routes || []);
    for (const route of day.routes || []) this.addRoute(route, colours.get(String(route.id)));
    for (const stop of day.stops || []) this.addStop(stop, colours.get(String(stop.route)));
    for (const person of day.technicians || []) this.addPerson(person, colours);
    this.fit();
  }

  start(tiles) {
    const words = this.element.dataset;
    this.element.replaceChildren();
    this.element.setAttribute("role", "region");
    if (words.label) this.element.setAttribute("aria-label", words.label);
    this.place = converter(tiles);
    this.map = L.map(this.element, { preferCanvas: true, zoomControl: false, zoomSnap: 0.5, fadeAnimation: !still(), zoomAnimation: !still(), attributionControl: Boolean(tiles?.url) });
    this.map.attributionControl?.setPrefix(false);
    this.map.setView([30, 110], 4);
    L.control.zoom({ zoomInTitle: words.zoomIn || "+", zoomOutTitle: words.zoomOut || "−" }).addTo(this.map);
    L.control.scale({ imperial: false }).addTo(this.map);
    addBase(this.map, tiles);
    new ResizeObserver(() => this.resize()).observe(this.element);
    if (this.element.dataset.map === "pair") this.map.on("moveend", () => this.lead());
    new MutationObserver(() => this.recolour()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  }

  addRoute(route, look) {
    const points = (route.points || []).map(([lat, lon]) => this.place(lat, lon));
    if (points.length < 2) return;
    const line = L.polyline(points, { color: shade(look.name), dashArray: look.dash, ...(route.quiet ? FAINT : CLEAR) });
    line.look = look;
    line.rest = route.quiet ? FAINT : CLEAR;
    line.on("mouseover", () => light(String(route.id))).on("mouseout", () => light(null));
    line.bindPopup(() => sheet({ title: route.name, text: route.text }));
    this.drawn.addLayer(line);
    this.lines.set(String(route.id), line);
  }

  addStop(stop, look) {
    if (stop.quiet) return this.addDot(stop, look);
    const pin = this.pin(stop, look ? `pin ${look.name}${stop.mark ? ` mark-${stop.mark}` : ""}` : "pin pin-loose", String(stop.seq ?? "!"));
    const route = String(stop.route);
    if (look) pin.on("mouseover", () => light(route)).on("mouseout", () => light(null));
    this.pins.set(pin, route);
  }

  addDot(stop, look) {
    const colour = look ? shade(look.name) : "";
    const dot = L.circleMarker(this.place(stop.lat, stop.lon), { radius: 4, weight: 1, color: colour, fillColor: colour, fillOpacity: 0.5, opacity: 0.6 });
    dot.look = look;
    dot.bindPopup(() => sheet(stop));
    this.drawn.addLayer(dot);
    this.dots.push(dot);
  }

  addPerson(person, colours) {
    const look = colours.get(String(person.route ?? person.id));
    this.pins.set(this.pin({ ...person, title: person.name }, `pin pin-person ${look?.name || ""}`, initials(person.name), 30), String(person.route ?? person.id));
  }

  pin(thing, className, word, size = 24) {
    const face = document.createElement("span");
    face.className = className;
    face.textContent = word;
    const icon = L.divIcon({ html: face, className: "", iconSize: [size, size] });
    const title = [word === "!" ? "" : word, thing.title, thing.text].filter(Boolean).join(" · ");
    const marker = L.marker(this.place(thing.lat, thing.lon), { icon, keyboard: true, title, alt: title });
    marker.bindPopup(() => sheet(thing));
    this.drawn.addLayer(marker);
    marker.getElement()?.setAttribute("aria-label", title); // a pin is a span, not an image: alt would be lost
    return marker;
  }

  fit() {
    const bounds = this.drawn.getBounds();
    this.say(bounds.isValid() ? "" : this.element.dataset.empty);
    for (const one of this.paired()) if (one.drawn) bounds.extend(one.drawn.getBounds());
    if (bounds.isValid()) this.map.fitBounds(bounds, { padding: [36, 36], maxZoom: 15, animate: false });
  }

  light(id) {
    this.marked = id;
    const known = id !== null && this.lines.has(id);
    this.element.classList.toggle("has-light", known);
    for (const [route, line] of this.lines) line.setStyle(known ? (route === id ? LIT : DIM) : line.rest);
    for (const [pin, route] of this.pins) pin.getElement()?.classList.toggle("is-light", route === id);
    if (known) this.lines.get(id).bringToFront();
  }

  // A map that was hidden has had no size to fit anything into; a pair shows the whole day in every width.
  resize() {
    this.map.invalidateSize();
    if (this.element.dataset.map === "pair" && this.map.getSize().x) this.fit();
  }

  // Whoever moves one map of a pair moves the other.
  lead() {
    if (!this.map.getSize().x) return;
    for (const { map } of this.paired().filter((one) => one.map.getSize().x)) {
      const far = map.latLngToContainerPoint(this.map.getCenter()).distanceTo(map.getSize().divideBy(2));
      if (map.getZoom() !== this.map.getZoom() || far > 2) map.setView(this.map.getCenter(), this.map.getZoom(), { animate: false });
    }
  }

  paired() {
    if (this.element.dataset.map !== "pair") return [];
    return [...maps.values()].filter((one) => one !== this && one.map && one.element.dataset.map === "pair");
  }

  recolour() {
    for (const line of this.lines.values()) line.setStyle({ color: shade(line.look.name) });
    for (const dot of this.dots) if (dot.look) dot.setStyle({ color: shade(dot.look.name), fillColor: shade(dot.look.name) });
  }

  say(sentence) {
    this.element.querySelector(".map-word")?.remove();
    if (!sentence) return;
    const word = document.createElement("p");
    word.className = "map-word";
    word.setAttribute("role", "status");
    word.textContent = sentence;
    this.element.append(word);
  }
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const initials = (name) => (/^[ -~]/.test(name) ? name.slice(0, 1).toUpperCase() : name.slice(-2));

async function fetchJson(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

function routeColours(routes) {
  return new Map(routes.map((route, place) => {
    const number = route.colour ?? place;
    return [String(route.id), { name: `route-c${number % COLOURS}`, dash: DASHES[Math.floor(place / COLOURS) % DASHES.length] }];
  }));
}

// The colours live in map.css; a canvas has to be told them in numbers.
function shade(name) {
  const probe = document.createElement("i");
  probe.className = `route-mark ${name}`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}

// Everything in a popup is text: names and addresses come from customers.
function sheet({ title, text, url }) {
  const box = document.createElement("div");
  const here = url && new URL(url, location.href).origin === location.origin;
  if (title) box.append(Object.assign(document.createElement(here ? "a" : "b"), { textContent: title }, here && { href: url }));
  if (text) box.append(Object.assign(document.createElement("span"), { textContent: text }));
  return box;
}

// what lies under the routes -----------------------------------------------------------------------------------------

/** Degrees between two grid lines: the widest step that leaves less than half a tile between them. */
function gridStep(zoom) {
  const degreesPerTile = 360 / 2 ** zoom;
  return GRID_STEPS.find((step) => step <= degreesPerTile / 2) || GRID_STEPS.at(-1);
}

const Grid = L.GridLayer.extend({
  createTile(coords) {
    const tile = document.createElement("canvas");
    const sharp = Math.min(2, globalThis.devicePixelRatio || 1);
    tile.width = tile.height = TILE * sharp;
    const pen = tile.getContext("2d");
    pen.scale(sharp, sharp);
    pen.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--line-strong");
    pen.lineWidth = 1;
    this.drawLines(pen, coords);
    return tile;
  },

  drawLines(pen, coords) {
    const corner = coords.scaleBy(L.point(TILE, TILE));
    const northWest = this._map.unproject(corner, coords.z);
    const southEast = this._map.unproject(corner.add([TILE, TILE]), coords.z);
    const step = gridStep(coords.z);
    const place = (lat, lng) => this._map.project([lat, lng], coords.z).subtract(corner);
    pen.beginPath();
    for (let lng = Math.ceil(northWest.lng / step) * step; lng < southEast.lng; lng += step) line(pen, place(northWest.lat, lng).x, null);
    for (let lat = Math.ceil(southEast.lat / step) * step; lat < northWest.lat; lat += step) line(pen, null, place(lat, northWest.lng).y);
    pen.stroke();
  },
});

// Half a pixel off the edge: a line of one sharp pixel.
function line(pen, x, y) {
  const at = Math.round(x ?? y) + 0.5;
  pen.moveTo(x === null ? 0 : at, x === null ? at : 0);
  pen.lineTo(x === null ? TILE : at, x === null ? at : TILE);
}

/** Adds the base to the map; tiles: {url, attribution, max_zoom} or nothing for the grid. */
function addBase(map, tiles) {
  if (!tiles?.url) return redrawWithTheme(new Grid({ maxZoom: 19 }).addTo(map));
  const credit = document.createElement("span");
  credit.textContent = tiles.attribution || "";
  return L.tileLayer(tiles.url, { maxZoom: tiles.max_zoom || 18, attribution: credit.innerHTML }).addTo(map);
}

function redrawWithTheme(grid) {
  new MutationObserver(() => grid.redraw()).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  return grid;
}

/** A function (lat, lon in WGS-84) -> [lat, lon] in the datum of the tiles. */
function converter(tiles) {
  const datum = { gcj02: "GCJ02", bd09: "BD09" }[tiles?.url ? tiles.datum : ""];
  if (!datum) return (lat, lon) => [lat, lon];
  const gcoord = globalThis.gcoord;
  if (!gcoord) throw new Error("these tiles need gcoord");
  return (lat, lon) => gcoord.transform([lon, lat], gcoord.WGS84, gcoord[datum]).reverse();
}

// the page -----------------------------------------------------------------------------------------------------------

const maps = new Map();

function light(id) {
  for (const map of maps.values()) if (map.map && map.marked !== id) map.light(id);
  for (const row of document.querySelectorAll("[data-route]")) row.classList.toggle("is-light", row.dataset.route === id);
}

const routeAt = (event) => event.target.closest?.("[data-route]")?.dataset.route ?? null;
document.addEventListener("mouseover", (event) => event.target.closest?.("[data-map]") || light(routeAt(event)));
document.addEventListener("focusin", (event) => event.target.closest?.("[data-map]") || light(routeAt(event)));

function paintMarks() {
  for (const mark of document.querySelectorAll("[data-route-colour]")) mark.classList.add(`route-c${mark.dataset.routeColour % COLOURS}`);
}

function loadAll() {
  paintMarks();
  for (const element of maps.keys()) if (!element.isConnected) maps.delete(element);
  for (const element of document.querySelectorAll("[data-map]")) {
    if (!maps.has(element)) maps.set(element, new DayMap(element));
    maps.get(element).load();
  }
}

document.addEventListener("map:reload", loadAll);
loadAll();
