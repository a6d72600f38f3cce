// The preview of a request: show all lines, or only those that need a look.

const table = document.getElementById("lines");

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-show]");
  if (!button) return;
  table.classList.toggle("only-need", button.dataset.show === "need");
  for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
});

// Enter in a line checks again; taking in is a decision of its own.
document.getElementById("request").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("input[type=text], input[type=tel], input[type=date]")) return;
  event.preventDefault();
  event.target.form.requestSubmit(event.target.form.querySelector("[name=then][value=check]"));
});

// The button says how many vehicles will be taken: a tick counts at once, a line that cannot be taken as soon as it is mended.
const take = document.querySelector("[data-take]");
table.addEventListener("input", (event) => {
  const line = event.target.closest("tr");
  if (event.target.name !== "leave") line.dataset.mended = "";
  const lines = [...table.querySelectorAll("tbody tr")];
  const count = Number(table.dataset.beyond) + lines.filter((one) => !one.querySelector("[name=leave]:checked") && !one.matches(".line-blocked:not([data-mended])")).length;
  take.textContent = count === 1 ? take.dataset.one : take.dataset.many.replace("{}", count);
});
