// What the QR code carries behind `#` never reaches a server by itself: this page sends it to be checked, and then shows the full name.

const at = (id) => document.getElementById(id);

// The other language is another request, and would lose the QR's part of the address.
const keep = () => {
  const link = document.querySelector("a.language");
  link.href = `?lang=${link.dataset.language}${location.hash}`;
};

// Each word in its own element: a name breaks between its words, not where a dictionary finds a word in it.
function word(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

async function check() {
  const response = await fetch("/v1/verify", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ qr: location.origin + location.pathname + location.hash }),
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(15000),
  });
  if (response.status === 422) return null;
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response.json();
}

function show(verdict) {
  if (verdict?.outcome === "genuine") {
    at("name").replaceChildren(...verdict.facts.recipient_name.split(" ").flatMap((part) => [word(part), " "]));
    at("name-masked")?.remove();
    at("name-form").hidden = true;
    at("qr-good").hidden = false;
  } else {
    // The number is real, the paper is not: its facts must not stand beside a green mark.
    at("qr-bad").hidden = false;
    for (const id of ["answer", "facts", "steps"]) at(id)?.remove();
  }
}

if (location.hash.length > 1) {
  keep();
  try {
    show(await check());
  } catch {
    at("qr-failed").hidden = false;
  }
}
