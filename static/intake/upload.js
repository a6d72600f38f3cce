// A file to be read: too large a one is told before it travels, any other is sent as soon as it is chosen.

for (const form of document.querySelectorAll("[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");

  input.addEventListener("change", () => {
    const file = input.files[0];
    if (!file) return;
    const tooLarge = file.size > Number(form.dataset.most);
    input.setCustomValidity(tooLarge ? form.dataset.tooLarge : "");
    if (tooLarge) input.reportValidity();
    else form.requestSubmit();
  });

  // The whole box takes a dropped file, not only the narrow control in it.
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change"));
  });
}
