// An open test-run asks what the terminal has said by now, and shows it without touching what was chosen.

const EVERY = 4000;
const WATCHING = { "Dispatch-Watching": "1" }; // nobody is at the keyboard: it must not keep a sign-in alive

const page = document.querySelector("[data-evidence]");
let asking = false;

async function look() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    await ask();
  } catch {
    // Without a network there is no news; the next look may bring some.
  } finally {
    asking = false;
  }
}

async function ask() {
  const { evidence, seen } = page.dataset;
  const answer = await fetch(`${evidence}?seen=${seen}`, { headers: WATCHING, redirect: "manual", cache: "no-store" });
  if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) clearInterval(timer);
  else if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

const timer = setInterval(look, EVERY);
document.addEventListener("visibilitychange", look);

function show(news) {
  page.dataset.seen = news.querySelector("[data-seen]").dataset.seen;
  for (const told of news.querySelectorAll(".told")) {
    const place = document.getElementById(told.id);
    if (!place || place.outerHTML === told.outerHTML) continue;
    place.className = told.className;
    place.dataset.verdict = told.dataset.verdict;
    place.replaceChildren(...told.childNodes);
    const point = place.closest(".point");
    if (point) propose(point, told.dataset.verdict);
  }
}

// A point that is proven is proposed as passed where nothing was chosen; a proposal goes when the terminal says otherwise.
function propose(point, verdict) {
  const passed = point.querySelector('[value="passed"]');
  if (verdict === "proven" && !point.querySelector("[type=radio]:checked")) {
    passed.checked = true;
    passed.dataset.proposed = "";
  } else if (verdict !== "proven" && passed.checked && "proposed" in passed.dataset) {
    passed.checked = false;
  } else {
    return;
  }
  passed.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("change", (event) => {
  for (const proposed of event.target.closest?.(".point")?.querySelectorAll("[data-proposed]") ?? []) delete proposed.dataset.proposed;
});
