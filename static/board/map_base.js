// What lies under the routes: a plain grid, or tiles with the points moved into the tiles' datum.

const L = globalThis.L;
const GRID_STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005]; // degrees
const TILE = 256; // pixels

/** Degrees between two grid lines: the widest step that leaves less than half a tile between them. */
export function gridStep(zoom) {
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
export function addBase(map, tiles) {
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
export function converter(tiles) {
  const datum = { gcj02: "GCJ02", bd09: "BD09" }[tiles?.url ? tiles.datum : ""];
  if (!datum) return (lat, lon) => [lat, lon];
  const gcoord = globalThis.gcoord;
  if (!gcoord) throw new Error("these tiles need gcoord");
  return (lat, lon) => gcoord.transform([lon, lat], gcoord.WGS84, gcoord[datum]).reverse();
}
