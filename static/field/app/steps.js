// The steps of a visit that are pages of their own. They are not needed for the first tap: loaded when they are first opened, and
// kept with the app in the background.

const leaving = () => import("./steps/leaving.js");
const PAGES = {
  price: () => import("./steps/price.js"),
  pay: () => import("./steps/pay.js"),
  sign: () => import("./steps/sign.js"),
  finish: () => import("./steps/finish.js"),
  word: () => import("./steps/word.js"),
  absent: leaving,
  missing: leaving,
  cannot: leaving,
  unsafe: leaving,
};
const PARTS = { ahead: () => import("./steps/ahead.js") };
const loaded = {};

function loading(table, name, come) {
  if (!Object.hasOwn(table, name)) return undefined;
  if (loaded[name]) return (...given) => loaded[name].page(...given, name);
  table[name]().then((module) => { loaded[name] = module; come(); }, (failure) => console.warn(failure));
  return null;
}

/**
 * `page(state, visit, line, does, step) -> { title, back, parts, big }` of a step. Null while it comes, `come` is called once it is
 * there; undefined for what is no step.
 */
export const stepPage = (step, come) => loading(PAGES, step, come);

/** The same of a part of the stop's own page: `page(state, visit)` is one element. */
export const partOf = (name, come) => loading(PARTS, name, come);
