// An open payment code asks how it stands, and gives way to the receipt once it is paid.

const EVERY = 2000;
const WATCHING = { "Dispatch-Watching": "1" }; // nobody is at the keyboard: it must not keep a sign-in alive

const page = document.querySelector("[data-code]");
let asking = false;

async function look() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const { code, seen } = page.dataset;
    const answer = await fetch(`${code}?seen=${seen}`, { headers: WATCHING, redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) clearInterval(timer);
    else if (answer.status === 200) location.reload();
  } catch {
    // Without a network there is no news; the next look may bring some.
  } finally {
    asking = false;
  }
}

const timer = page ? setInterval(look, EVERY) : 0;
if (page) document.addEventListener("visibilitychange", look);
