// What things cost at a stop, out of the offers of the pack: priced by the very rules that charge, so the phone looks up and adds.
// Pure. Money is counted in fen.

export const fen = (text) => Math.round(Number(text) * 100);
export const yuan = (count) => `${count < 0 ? "-" : ""}${Math.floor(Math.abs(count) / 100)}.${String(Math.abs(count) % 100).padStart(2, "0")}`;

/** An offer, so many of it, as rows of the bill; `left` counts what may still take a quoted price, and is counted down. */
export function chargesOf(offer, quantity, quoted, left) {
  const row = (count, price, rule, told, free) => ({
    code: offer.code, name: offer.name, quantity: count, rule, unit_price: yuan(price), amount: yuan(free ? 0 : count * price), told,
  });
  const agreed = offer.free ? undefined : quoted[offer.code];
  if (!agreed) return [row(quantity, fen(offer.price), offer.rule, offer.told, offer.free)];
  const before = left[offer.code] ?? agreed.left;
  const cheap = Math.max(0, Math.min(quantity, before));
  left[offer.code] = before - cheap;
  const rows = [];
  if (cheap) rows.push(row(cheap, fen(agreed.price), "quoted_price", agreed.told, false));
  if (quantity > cheap) rows.push(row(quantity - cheap, fen(offer.price), offer.rule, offer.told, offer.free));
  return rows;
}

export function offerOfUnit(stop, lineId, unitId) {
  return stop.prices.fits.find((one) => one.lines.includes(lineId) && one.units.includes(unitId))?.offer ?? null;
}

export function offerOf(stop, lineId, code) {
  const every = [...stop.prices.services, ...stop.prices.parts];
  return every.find((one) => one.offer.code === code && (one.lines === null || one.lines.includes(lineId)))?.offer ?? null;
}

const sum = (rows) => rows.reduce((total, { amount }) => total + fen(amount), 0);

/** { total, due } in fen, of a visit as it stands. */
export function account({ charges, receipts }) {
  const total = sum(charges.map(({ row }) => row));
  return { total, due: total - sum(receipts) };
}

/** The next receipt number of these blocks that none of the phone's facts has used; null where there is none left. */
export function nextNumber(blocks, facts) {
  const used = new Set(facts.map(({ content }) => content?.number).filter(Boolean));
  for (const { prefix, digits, next, last } of blocks) {
    for (let n = next; n <= last; n += 1) {
      const number = prefix + String(n).padStart(digits, "0");
      if (!used.has(number)) return number;
    }
  }
  return null;
}
