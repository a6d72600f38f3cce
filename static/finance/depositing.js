// The amount follows the hand-ins that are ticked, until somebody has typed another one.

const amount = document.querySelector("[name=amount]");
const ticks = [...document.querySelectorAll("[name=hand_in]")];
const sum = () => ticks.filter((tick) => tick.checked).reduce((fen, tick) => fen + Math.round(tick.dataset.worth * 100), 0);
let told = amount.value === (sum() / 100).toFixed(2);

amount.addEventListener("input", () => {
  told = false;
});
for (const tick of ticks)
  tick.addEventListener("change", () => {
    if (told) amount.value = (sum() / 100).toFixed(2);
  });
