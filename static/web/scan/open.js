// A button that scans the number of a field. What that takes is fetched with the first tap: until then it costs nothing.

const scanner = document.querySelector("[data-scanner]");

for (const button of document.querySelectorAll("[data-scan]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-scan]");
  if (!button || button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  const told = document.getElementById(button.getAttribute("aria-describedby"));
  try {
    const { scan } = await import(JSON.parse(scanner.dataset.parts).overlay);
    await scan(button, scanner, told);
  } catch {
    told.textContent = scanner.dataset.failed;
  } finally {
    button.ariaBusy = null;
  }
});
