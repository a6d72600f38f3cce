// Without signal nothing leaves the phone: the page says so and stays, with what was chosen and typed, instead of giving way to
// the browser's own error.

const told = document.querySelector("[data-no-signal]");

function tell() {
  told.hidden = navigator.onLine;
}
addEventListener("online", tell);
addEventListener("offline", tell);
tell();

function stay(event) {
  if (navigator.onLine) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell();
}

document.addEventListener("submit", stay, true);
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (link?.protocol.startsWith("http") && !link.hash) stay(event);
}, true);
