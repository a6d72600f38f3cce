// While finance types how many of each note and coin there are: their sum, and whether it is what was declared.

const sum = document.querySelector(".counting-sum");
const fields = [...document.querySelectorAll("[data-worth]")];

// In tenths of a yuan, the smallest coin: whole numbers add up without error.
function counted() {
  return fields.reduce((all, field) => all + Math.round(Number(field.dataset.worth) * 10) * (Number(field.value.normalize("NFKC")) || 0), 0) / 10;
}

function yuan(amount) {
  const plain = Math.abs(amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  return `${amount < 0 ? "-" : ""}¥${plain}`;
}

function show() {
  const { declared, same, differs } = sum.dataset;
  const difference = Math.round(counted() * 100 - Number(declared) * 100) / 100;
  sum.hidden = !fields.some((field) => field.value.trim());
  sum.querySelector("b").textContent = yuan(counted());
  sum.querySelector("span").textContent = difference ? `${differs} ${yuan(difference)}` : same;
  sum.querySelector("span").classList.toggle("owed", difference !== 0);
}

for (const field of fields) field.addEventListener("input", show);
show();
