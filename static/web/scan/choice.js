// What the codes of a label say, and which of them is the number that is wanted. Nothing here knows a page or a camera.

const LABELS = [
  ["imei", /^IMEI(?: ?[12])?$/],
  ["iccid", /^(?:ICCID|CCID)$/],
  ["serial", /^(?:S ?\/ ?N|SN|SER(?:IAL)?(?: ?NO)?|SERIAL ?NUMBER|设备号|序列号|编号)$/],
];
const SERIAL = /^(?=.*\d{4})[A-Z0-9][A-Z0-9-]{4,29}$/;
const ICCID = /^89\d{2}[0-9A-Z]{15,16}$/;
const ICCID_KEY = 19; // the twentieth is a check digit, a maker's letter, or missing
const IMEI = /^\d{15}$/;
const TOLD = { terminal: ["serial", "imei"], sim: ["iccid"], any: ["serial", "imei", "iccid"] };

/** Whether the last digit is the check digit of those before it. */
export function fitsCheckDigit(digits) {
  let sum = 0;
  [...digits].reverse().forEach((digit, place) => {
    const twice = Number(digit) * (place % 2 ? 2 : 1);
    sum += twice > 9 ? twice - 9 : twice;
  });
  return sum % 10 === 0;
}

/** A number as it is compared: capitals, no gaps; a SIM's without its twentieth character. */
export function plain(number) {
  const bare = String(number).normalize("NFKC").toUpperCase().replace(/[\s\-·'`]+/g, "");
  return ICCID.test(bare) ? bare.slice(0, ICCID_KEY) : bare;
}

const isImei = (text) => IMEI.test(text) && !/^0+$/.test(text) && fitsCheckDigit(text);

function kindOf(text) {
  if (ICCID.test(text)) return "iccid";
  if (IMEI.test(text)) return isImei(text) ? "imei" : "";
  return SERIAL.test(text) ? "serial" : "";
}

// What a label in front says it is, it is; unless that cannot be.
function labelled(label, text) {
  const kind = LABELS.find(([, pattern]) => pattern.test(label))?.[0];
  if (!kind) return null;
  const fits = kind === "serial" ? SERIAL.test(text) : kindOf(text) === kind;
  return fits ? { kind, number: text, labelled: true } : null;
}

function pairsOf(text) {
  const asked = /^HTTPS?:\/\//.test(text) ? text.split("?")[1] ?? "" : text;
  return asked.split(/[\s;,|&]+/).map((part) => part.split(/[:=]/)).filter((pair) => pair[0]);
}

/** What one code says: a list of { kind, number }. A code may hold one bare number, or several with a label in front of each. */
export function numbersIn(text) {
  const whole = String(text).normalize("NFKC").toUpperCase().trim().replace(/\s*([:=])\s*/g, "$1").replace(/\bS\/N\b/g, "SN");
  const joined = whole.replace(/ /g, ""), kind = kindOf(joined); // in groups stand long numbers only; words are no serial
  if (kind && (kind !== "serial" || joined === whole)) return [{ kind, number: joined }];
  const found = [];
  for (const [label, ...rest] of pairsOf(whole)) {
    const number = rest.length ? labelled(label, rest.join(":")) : bare(label);
    if (number) found.push(number);
  }
  return found;
}

// Among words a bare number counts only if it proves itself.
function bare(text) {
  const kind = kindOf(text);
  return kind === "imei" || kind === "iccid" ? { kind, number: text } : null;
}

/** What is part of a longer text that was read too is a piece of it. */
export function whole(texts) {
  return texts.filter((text) => !texts.some((other) => other !== text && other.includes(text) && !/[:=;,\s]/.test(other)));
}

function unlike(numbers) {
  const seen = new Map();
  for (const one of numbers) if (!seen.has(plain(one.number))) seen.set(plain(one.number), one);
  return [...seen.values()];
}

/**
 * Which number is meant. `wanted`: terminal, sim or any. `known`: the units that may be meant, each with all its numbers, the first
 * of which it goes by. `not`: numbers that cannot be meant, such as that of the old one while the new one is wanted.
 *
 * Answers { number, known } when it is clear, { several } when a person has to say, { barred } when what cannot be meant was read,
 * and null for nothing. An IMEI alone is no serial: a person says whether it will do.
 */
export function choose(wanted, texts, { known = [], not = [] } = {}) {
  const barred = new Set(not.map(plain)), ours = new Set([...barred, ...known.flat().map(plain)]);
  const told = whole(texts).flatMap(numbersIn).filter((one) => TOLD[wanted].includes(one.kind));
  const met = texts.filter((text) => ours.has(plain(text))).map((number) => ({ kind: "serial", number })); // whatever it looks like
  const read = unlike([...told, ...met]);
  const open = read.filter((one) => !barred.has(plain(one.number)));
  if (!open.length || read.length > open.length) return read.length ? { barred: read.find((one) => barred.has(plain(one.number))).number } : null;
  const units = known.filter((numbers) => numbers.some((number) => open.some((one) => plain(one.number) === plain(number))));
  if (units.length === 1) return { number: units[0][0], known: true };
  if (units.length) return { several: units.map((numbers) => numbers[0]) };
  return best(open);
}

// A serial goes before the IMEI beside it, a number that says what it is before one that does not.
function best(open) {
  for (const kind of ["serial", "iccid", "imei"]) {
    const own = open.filter((one) => one.kind === kind);
    const said = own.filter((one) => one.labelled);
    const list = said.length ? said : own;
    if (list.length === 1 && kind !== "imei") return { number: list[0].number, known: false };
    if (list.length) return { several: list.map((one) => one.number) };
  }
  return null;
}

/** Counts equal reads: `add(texts)` of one look answers what `needed` of the last `memory` looks agree upon. */
export function createTally({ needed = 2, memory = Infinity } = {}) {
  const looks = [];
  return (texts) => {
    looks.push(new Set(texts));
    if (looks.length > memory) looks.shift();
    const count = (text) => looks.filter((read) => read.has(text)).length;
    return [...new Set(looks.flatMap((read) => [...read]))].filter((text) => count(text) >= needed);
  };
}
