// Whose signatures are believed: an organisation's trust file, as it was fetched last. It stays in the browser, so that a certificate
// can be checked without network, by keys that were here before the page that asks for them.
import { sounded } from "./judge.js";

const CACHE = "verify-trust";
const PATIENCE = 6000;
const MOST = 40; // organisations whose files are kept

/** The trust file of whoever has the key `kid` or signs under `did`; null when nobody is known. `{trust, kept}`: whether it is one from before. */
export async function trustFor(kid, did = null) {
  const slug = slugOf(did) ?? (await keptWith(kid)) ?? (await publishedWith(kid));
  if (slug === null) return null;
  const address = `/orgs/${encodeURIComponent(slug)}/trust.json`;
  const fetched = await get(address);
  if (fetched) {
    await keep(address, fetched.clone());
    return { trust: await sounded(await fetched.json()), kept: false };
  }
  const before = await (await cache())?.match(address);
  return before ? { trust: await sounded(await before.json()), kept: true } : null;
}

function slugOf(did) {
  const at = (did ?? "").lastIndexOf(":orgs:");
  return at < 0 ? null : decodeURIComponent(did.slice(at + 6));
}

async function keptWith(kid) {
  const store = await cache();
  for (const request of (await store?.keys()) ?? []) {
    const trust = await (await store.match(request)).json();
    const issuer = (trust.issuers ?? []).find((one) => one.keys?.some((key) => key.kid === kid));
    if (issuer) return slugOf(issuer.did);
  }
  return null;
}

async function publishedWith(kid) {
  const answer = await get("/.well-known/jwks.json");
  const key = answer && (await answer.json()).keys.find((one) => one.kid === kid && one.purpose === "certificates");
  return key ? slugOf(key.iss) : null;
}

async function get(address) {
  try {
    const answer = await fetch(address, { credentials: "omit", cache: "no-cache", signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? answer : null;
  } catch {
    return null;
  }
}

async function keep(address, answer) {
  try {
    const store = await cache();
    await store?.delete(address);
    await store?.put(address, answer);
    // The oldest go.
    for (const request of (await store?.keys())?.slice(0, -MOST) ?? []) await store.delete(request);
  } catch (error) {
    console.warn(error);
  }
}

// Private windows of some browsers have no caches, and pages without https none either.
async function cache() {
  try {
    return (await globalThis.caches?.open(CACHE)) ?? null;
  } catch {
    return null;
  }
}
