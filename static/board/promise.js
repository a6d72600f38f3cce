// A time for the caller: 1, 2 and 3 hold one of the three; what is held is counted down, and cannot be promised once it has run out.

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey || !/^[1-9]$/.test(event.key)) return;
  if (event.target.closest("input, textarea, select")) return;
  const button = document.querySelector(`[data-offer="${event.key}"]`);
  if (!button || button.disabled || !button.checkVisibility()) return;
  event.preventDefault();
  button.focus();
  button.click();
});

function count(clock) {
  const until = Date.now() + 1000 * Number(clock.dataset.left);
  const tick = () => {
    if (!clock.isConnected) return;
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    clock.classList.toggle("is-short", left <= 60);
    if (left) setTimeout(tick, 250);
    else over(clock.closest("[data-held]"));
  };
  tick();
}

function over(held) {
  const told = held.querySelector("[data-over-word]");
  told.textContent = told.dataset.overWord;
  held.querySelector("[data-while-held]").disabled = true;
  held.querySelector("[data-kept]").hidden = true;
}

const begin = (within) => within.querySelectorAll("[data-left]").forEach(count);

begin(document);
document.addEventListener("htmx:afterSwap", (event) => begin(event.detail.target));
