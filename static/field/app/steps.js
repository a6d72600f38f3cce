// The steps of a visit that are pages of their own, loaded when they are first opened and kept with the app.

const PAGES = {
  price: () => import("./steps/price.js"),
  pay: () => import("./steps/pay.js"),
  sign: () => import("./steps/sign.js"),
  finish: () => import("./steps/finish.js"),
  absent: () => import("./steps/absent.js"),
  word: () => import("./steps/word.js"),
};

const loaded = {};

/** The page of a step; null while it comes, `come` is called once it is there. Unknown steps have none: undefined. */
export function stepPage(name, come) {
  if (!(name in PAGES)) return undefined;
  if (loaded[name]) return loaded[name].page;
  PAGES[name]().then((module) => { loaded[name] = module; come(); }, (failure) => console.warn(failure));
  return null;
}
