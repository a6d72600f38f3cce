// Before anything is drawn: language and colours, as they were chosen on this phone.
(function (root) {
  var dark = matchMedia("(prefers-color-scheme: dark)"), chosen = null;
  function colours() { root.dataset.bsTheme = dark.matches ? "dark" : "light"; }
  try { chosen = localStorage.getItem("dispatch-language"); } catch (e) { chosen = null; }
  root.lang = (chosen || navigator.language || "zh").indexOf("zh") === 0 ? "zh-Hans-CN" : "en";
  colours();
  if (dark.addEventListener) dark.addEventListener("change", colours);
})(document.documentElement);
