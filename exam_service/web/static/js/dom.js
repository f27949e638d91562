// Builds elements. Strings become text nodes, never HTML; the page's Trusted Types policy would refuse anything else.

/** h("p", {class: "quiet", onclick: f, "aria-label": "…"}, "text", node, [nodes], null) */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href") setLink(element, value);
    else if (["checked", "disabled", "value", "hidden"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...flat(children));
  return element;
}

/** Put these in the place of what the element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** A sentence with nodes in its places: weave("a {x} b", {x: node}). */
export function weave(sentence, nodes) {
  return sentence.split(/(\{[a-z_]+\})/).map((part) => {
    const name = /^\{([a-z_]+)\}$/.exec(part);
    return name && name[1] in nodes ? nodes[name[1]] : part;
  });
}

export const page = () => JSON.parse(document.getElementById("page").textContent);

export const app = () => document.getElementById("app");

/** Say something once to people who listen to the page; sentences of the same moment are all said, and equal ones again. */
export function announce(sentence) {
  const line = h("p", {}, sentence);
  document.getElementById("announcer").append(line);
  setTimeout(() => line.remove(), 10000);
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

// Addresses come from data; only those that lead to a page are links.
function setLink(element, address) {
  let url;
  try {
    url = new URL(address, location.href);
  } catch {
    return;
  }
  if (url.protocol === "https:" || url.protocol === "http:" || url.protocol === "blob:") element.setAttribute("href", address);
}
