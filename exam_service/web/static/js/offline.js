// Lets a page open without network: a worker keeps the page itself, never anybody's data.

const EXAM = "/exam/worker.js";
const WORKERS = [EXAM, "/v/worker.js"];
const CACHES = "exam-page-";
let rules; // the page's policy lets scripts name these addresses, once

/** From now on the page opens without network. Where the browser cannot do this, everything else works as before. */
export async function keepPage(worker = EXAM) {
  try {
    rules ??= globalThis.trustedTypes?.createPolicy("exam-worker", { createScriptURL: (url) => (WORKERS.includes(url) ? url : "") });
    await navigator.serviceWorker?.register(rules ? rules.createScriptURL(worker) : worker, { updateViaCache: "none" });
  } catch (error) {
    console.warn(error);
  }
}

/** No attempt is under way on this device: nothing of the attempt's page stays either. */
export async function forgetPage() {
  try {
    const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
    await Promise.all(workers.filter((one) => one.scope.endsWith("/exam/")).map((one) => one.unregister()));
    const names = (await globalThis.caches?.keys()) ?? [];
    await Promise.all(names.filter((name) => name.startsWith(CACHES)).map((name) => caches.delete(name)));
  } catch (error) {
    console.warn(error);
  }
}
