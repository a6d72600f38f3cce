// Where the phone is, if it may say so and knows it soon: nobody waits longer than that.

const PATIENCE = 4000;

export function place() {
  return new Promise((found) => {
    if (!navigator.geolocation) return found(null);
    setTimeout(found, PATIENCE, null);
    const wishes = { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 60_000 };
    const told = ({ coords }) => found({ lat: coords.latitude, lon: coords.longitude, accuracy_m: coords.accuracy });
    navigator.geolocation.getCurrentPosition(told, () => found(null), wishes);
  });
}
