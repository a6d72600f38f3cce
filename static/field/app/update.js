// The app on the phone: kept by its worker; a new version waits until somebody says so, and never comes in the middle of a visit.

/** `waiting(take)` hears of a new version; `take()` changes over to it. Resolves with nothing where there is no worker. */
export async function keepApp(waiting) {
  if (!navigator.serviceWorker) return;
  const first = !navigator.serviceWorker.controller;
  const kept = await navigator.serviceWorker.register("/sw.js", { scope: "/app/", updateViaCache: "none" });
  let taking = false;
  navigator.serviceWorker.addEventListener("controllerchange", () => { if (taking) location.reload(); });
  const offer = () => {
    if (kept.waiting && !first) waiting(() => { taking = true; kept.waiting?.postMessage("take over"); });
  };
  offer();
  kept.addEventListener("updatefound", () => kept.installing?.addEventListener("statechange", (event) => { if (event.target.state === "installed") offer(); }));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) kept.update().catch(() => null); });
  const { active } = await navigator.serviceWorker.ready;
  setTimeout(() => active.postMessage("keep the rest"), 3000);
}
