// Lets the running attempt's page open without network: a worker keeps the page itself, never anybody's data.

const WORKER = "/exam/worker.js";
const CACHES = "exam-page-";
let rules; // the page's policy lets scripts name this one address, once

/** From now on the attempt's page opens without network. Where the browser cannot do this, everything else works as before. */
export async function keepPage() {
  try {
    rules ??= globalThis.trustedTypes?.createPolicy("exam-worker", { createScriptURL: (url) => (url === WORKER ? url : "") });
    await navigator.serviceWorker?.register(rules ? rules.createScriptURL(WORKER) : WORKER, { updateViaCache: "none" });
  } catch (error) {
    console.warn(error);
  }
}

/** No attempt is under way on this device: nothing of the page stays either. */
export async function forgetPage() {
  try {
    const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
    await Promise.all(workers.map((one) => one.unregister()));
    const names = (await globalThis.caches?.keys()) ?? [];
    await Promise.all(names.filter((name) => name.startsWith(CACHES)).map((name) => caches.delete(name)));
  } catch (error) {
    console.warn(error);
  }
}
