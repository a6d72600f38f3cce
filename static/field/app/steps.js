// The steps of a visit that are pages of their own, loaded when they are first opened.

const leaving = () => import("./steps/leaving.js");
const MODULES = {
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
const loaded = {};

/**
 * `page(state, visit, line, does, step) -> { title, back, parts, big }` of a step. Null while it comes, `come` is called once it is
 * there; undefined for what is no step.
 */
export function stepPage(step, come) {
  if (!Object.hasOwn(MODULES, step)) return undefined;
  if (loaded[step]) return (...given) => loaded[step].page(...given, step);
  MODULES[step]().then((module) => { loaded[step] = module; come(); }, (failure) => console.warn(failure));
  return null;
}
