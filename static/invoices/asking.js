// The sum and its tax follow the lines that are ticked.

const sums = document.querySelector("[data-sums]");
const ticks = [...document.querySelectorAll("[name=line]")];
const yuan = (name) => {
  const fen = ticks.filter((tick) => tick.checked).reduce((sum, tick) => sum + Math.round(tick.dataset[name] * 100), 0);
  return (fen / 100).toLocaleString("en", { minimumFractionDigits: 2 });
};
const show = () => {
  sums.querySelector("b").textContent = `¥${yuan("gross")}`;
  sums.querySelector(".quiet").textContent = sums.dataset.sums.replace("{tax}", `¥${yuan("tax")}`);
};

document.addEventListener("click", (event) => {
  if (event.target.matches("[name=line], [data-check-all]")) setTimeout(show);
});
