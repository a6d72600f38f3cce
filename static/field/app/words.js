// The app's own words in the reader's language, and how times are shown.

import { said } from "./rules.js";

const LANGUAGE = "dispatch-language";
let words = {};

export const chinese = () => document.documentElement.lang.startsWith("zh");

export async function readWords() {
  words = await (await fetch(new URL(`../../words/${chinese() ? "zh" : "en"}.json`, import.meta.url))).json();
}

export function switchLanguage() {
  try { localStorage.setItem(LANGUAGE, chinese() ? "en" : "zh"); } catch { /* it lasts until the app is closed */ }
  location.reload();
}

export const t = (key, params = {}) => said({ msgid: words[key] ?? key, params });

/** A sentence of the day's, with the words that came with it. */
export const ofDay = (pack, told) => (told ? said(told, chinese() ? pack.words.zh : {}) : "");

/** The word of a code out of one of the day's lists. */
export function wordOf(pack, list, code) {
  const found = pack.lists[list]?.find(([key]) => key === code);
  return found ? ofDay(pack, found[1]) : code;
}

const shown = (at, zone, wishes) => new Intl.DateTimeFormat(chinese() ? "zh-CN" : "en-GB", { timeZone: zone, ...wishes }).format(new Date(at));

export const clock = (at, zone) => shown(at, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const date = (at, zone) => shown(at, zone, { month: "2-digit", day: "2-digit", weekday: "short" });

export function age(at) {
  const minutes = Math.floor((Date.now() - at) / 60_000);
  if (minutes < 1) return t("age-now");
  return minutes < 60 ? t("age-minutes", { n: minutes }) : t("age-hours", { n: Math.floor(minutes / 60) });
}
