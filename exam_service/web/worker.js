// The service worker of a page (web/kept_page.py). The service writes before this text: VERSION and FILES of the page, the NAME of its
// caches, the PLACE of its files, and how the paths look that it answers (PAGES).
//
// It keeps one version of the page, which holds no data of anybody. It is used when the network does not answer; whoever has network gets
// the page from the service. Data goes past it: the page keeps its own.

const CACHE = `${NAME}-${VERSION}`;
const PATIENCE = 6000;
const HERE = `${PLACE}${VERSION}/`;

self.addEventListener("install", (event) => {
  event.waitUntil(fetchAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith(`${NAME}-`) && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin || request.method !== "GET") return;
  if (url.pathname.startsWith(PLACE)) event.respondWith(piece(request));
  else if (request.mode === "navigate" && new RegExp(PAGES).test(url.pathname)) event.respondWith(page(request));
});

// All files of one version, or none: each is checked against the digest that the version is made of.
async function fetchAll() {
  const cache = await caches.open(CACHE);
  const keep = async ([file, integrity]) => {
    const asked = (how) => fetch(HERE + file, { integrity, cache: how, credentials: "omit" });
    // The page that registers this has most of them already; a copy that is not what it should be is fetched anew.
    const answer = await asked("default").catch(() => asked("reload"));
    if (!answer.ok) throw new Error(`${file}: ${answer.status}`);
    const headers = ["content-type", "content-security-policy", "x-content-type-options", "referrer-policy"].filter((name) => answer.headers.has(name));
    await cache.put(HERE + file, new Response(await answer.arrayBuffer(), { headers: headers.map((name) => [name, answer.headers.get(name)]) }));
  };
  await Promise.all(Object.entries(FILES).map(keep));
}

async function page(request) {
  const kept = await (await caches.open(CACHE)).match(`${HERE}page.html`);
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE, null); });
  try {
    const answer = await (kept ? Promise.race([fetch(request), late]) : fetch(request));
    // A proxy whose service is away says so itself.
    if (answer && !(kept && [502, 503, 504].includes(answer.status))) return answer;
  } catch (error) {
    if (!kept) throw error;
  }
  return kept;
}

async function piece(request) {
  return (await caches.match(request)) ?? fetch(request);
}
