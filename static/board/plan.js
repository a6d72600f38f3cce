// The planning board: open routes stay open when the page is loaded anew; one button opens or closes them all.

const routes = [...document.querySelectorAll("details.route")];
const place = `routes:${location.pathname}${location.search}`;

function remember() {
  try {
    sessionStorage.setItem(place, JSON.stringify(routes.filter((route) => route.open).map((route) => route.id)));
  } catch {
    // A browser that keeps nothing forgets which were open; that is all.
  }
}

function recall() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(place));
    if (Array.isArray(kept)) for (const route of routes) route.open = kept.includes(route.id);
  } catch {
    // Nothing was kept.
  }
}

recall();
for (const route of routes) route.addEventListener("toggle", remember);

const all = document.querySelector("[data-open-all]");
if (all) {
  const isAllOpen = () => routes.every((route) => route.open);
  const say = () => {
    all.textContent = isAllOpen() ? all.dataset.wordClose : all.dataset.wordOpen;
  };
  say();
  all.hidden = false;
  for (const route of routes) route.addEventListener("toggle", say);
  all.addEventListener("click", () => {
    const open = !isAllOpen();
    for (const route of routes) route.open = open;
  });
}

// Before planned visits are planned anew a dialog asks; its own form then asks for the run.
const again = document.querySelector("form[data-ask]");
again?.addEventListener("submit", (event) => {
  event.preventDefault();
  document.getElementById(again.dataset.ask).showModal();
});

// The number of vehicles stands once on the page, but every form of the dialog sends it: they follow while it is typed.
document.addEventListener("input", (event) => {
  if (event.target.id !== "f-count") return;
  for (const copy of document.querySelectorAll("#change-body input[type=hidden][name=count]")) copy.value = event.target.value;
});
