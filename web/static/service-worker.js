// The exported studio without a network: a browser keeps one version of the folder whole. A new version is fetched beside
// it and takes over when all its tabs are closed, so that a page never runs with files of two versions. `KEPT`, its
// version and its files, stands in the line above, which limn serve --export writes.
const NAME = `limn-studio ${self.registration.scope}`;
const CURRENT = `${NAME} ${KEPT.version}`;
const addressOf = (file) => new URL(file === "index.html" ? "./" : file, self.registration.scope).href;

self.addEventListener("install", (event) => {
  // Files that the page has just fetched are asked for by their date, and not sent again.
  const requests = KEPT.files.map((file) => new Request(addressOf(file), {cache: "no-cache"}));
  event.waitUntil(caches.open(CURRENT).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith(`${NAME} `) && name !== CURRENT) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const {request} = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  address.search = "";
  address.hash = "";
  if (address.href === addressOf("").concat("index.html")) address.href = addressOf("index.html");
  event.respondWith((async () => {
    const cache = await caches.open(CURRENT);
    return (await cache.match(address.href)) ?? fetch(request);
  })());
});
