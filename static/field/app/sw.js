// Keeps the app on the phone: opens without signal, fetches only what changed, gives way to a new version when its person says so.
// APP (written in front): the version, and path -> mark of the files that are kept at once and later.

const STORE = "dispatch-app";
const WANTED = { ...APP.now, ...APP.later };
const keyOf = (path) => `/app/kept/${path}?${WANTED[path]}`;

async function fetched(path) {
  const answer = await fetch(`/app/${APP.version}/${path}`, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

async function keep(paths) {
  const store = await caches.open(STORE);
  await Promise.all(Object.keys(paths).map(async (path) => {
    if (!(await store.match(keyOf(path)))) await store.put(keyOf(path), await fetched(path));
  }));
}

// What no version needs any more: this one is in charge now.
async function clear() {
  const store = await caches.open(STORE), needed = new Set(Object.keys(WANTED).map(keyOf));
  for (const { url } of await store.keys()) {
    const { pathname, search } = new URL(url);
    if (!needed.has(pathname + search)) await store.delete(url);
  }
}

async function answer(path) {
  const store = await caches.open(STORE), kept = await store.match(keyOf(path));
  if (kept) return kept;
  const fresh = await fetched(path);
  await store.put(keyOf(path), fresh.clone()).catch(() => null); // a full phone still shows it
  return fresh;
}

function wanted({ method, url }) {
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return null;
  const path = pathname === "/app/" ? "index.html" : /^\/app\/[0-9a-f]{12}\/(.+)$/.exec(pathname)?.[1];
  return path in WANTED ? path : null;
}

self.addEventListener("install", (event) => event.waitUntil(keep(APP.now)));
self.addEventListener("activate", (event) => event.waitUntil(clear().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const path = wanted(event.request);
  if (path) event.respondWith(answer(path));
});
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "keep the rest") event.waitUntil(keep(APP.later).catch(() => null));
});
