// A long file is on its way: from the moment its form is sent a bar says so, and for how long.

document.addEventListener("submit", (event) => {
  const bar = event.target.querySelector("[data-working]");
  if (!bar || event.defaultPrevented) return;
  const began = Date.now();
  const seconds = bar.querySelector("[data-seconds]");
  setTimeout(() => { bar.hidden = false; }, 400);
  setInterval(() => { seconds.textContent = `${Math.round((Date.now() - began) / 1000)} s`; }, 1000);
});

// Come back with the arrow, and nothing is under way.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const bar of document.querySelectorAll("[data-working]")) bar.hidden = true;
});

// A bar that has ended leads on, once: the page to come may take a while.
document.addEventListener("htmx:afterSwap", () => {
  const ended = document.querySelector("[data-goes-to]");
  if (ended) location.href = ended.dataset.goesTo;
});
