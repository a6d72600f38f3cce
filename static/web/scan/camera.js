// The camera at the back of the phone: its film, its light, and why there is none.

const WISHES = { audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } } };
const WHY = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Shows the film in `video`. Answers { stop, light }, of which `light(on)` is null where there is none; fails with `why` as message. */
export async function openCamera(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("missing"); // there is none, or the page came without https
  let film;
  try {
    film = await navigator.mediaDevices.getUserMedia(WISHES);
  } catch (failure) {
    throw new Error(WHY[failure.name] ?? "missing");
  }
  const [track] = film.getVideoTracks();
  const stop = () => film.getTracks().forEach((one) => one.stop());
  video.srcObject = film;
  await video.play().catch(() => null); // where it may not begin by itself it begins with the next tap
  const can = track.getCapabilities?.() ?? {};
  if (can.focusMode?.includes("continuous")) track.applyConstraints({ advanced: [{ focusMode: "continuous" }] }).catch(() => null);
  return { stop, light: can.torch ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null };
}
