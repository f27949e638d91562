// Runs in the page; returns sentences, one a fault.
() => {
  const faults = [];
  const shown = (one) => one.checkVisibility({ opacityProperty: false, visibilityProperty: true });
  const where = (one) => `<${one.localName} class="${one.getAttribute("class") ?? ""}"> “${one.textContent.trim().slice(0, 40)}”`;
  const text = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent.trim() ?? "").join(" ").trim();
  const name = (one) =>
    (one.getAttribute("aria-labelledby") && text(one.getAttribute("aria-labelledby"))) || one.getAttribute("aria-label")?.trim()
    || [...(one.labels ?? [])].map((label) => label.textContent.trim()).join(" ") || one.textContent.trim() || one.getAttribute("title") || "";

  if (!document.title.trim()) faults.push("the page has no title");
  if (!["th", "en"].includes(document.documentElement.lang)) faults.push("the page does not say its language");
  if (document.querySelectorAll("main").length !== 1) faults.push("there is not one main");
  const headings = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown);
  if (headings.filter((one) => one.localName === "h1").length !== 1) faults.push("there is not one h1");
  const scope = document.querySelector("dialog[open]");
  let level = scope ? 1 : 0;
  for (const one of headings.filter((heading) => !scope || scope.contains(heading))) {
    const here = Number(one.localName[1]);
    if (here > level + 1) faults.push(`${where(one)} skips a level`);
    level = here;
  }
  for (const one of document.querySelectorAll("a[href], button, input, select, textarea, summary, meter, progress, dialog[open], fieldset, [role=timer], nav, aside")) {
    if (shown(one) && !name(one)) faults.push(`${where(one)} has no name`);
  }
  for (const one of document.querySelectorAll("[aria-labelledby], [aria-describedby], label[for]")) {
    const ids = ["aria-labelledby", "aria-describedby", "for"].flatMap((key) => one.getAttribute(key)?.split(/\s+/) ?? []);
    for (const id of ids) if (!document.getElementById(id)) faults.push(`${where(one)} points at #${id}, which is not there`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids.filter((one, n) => ids.indexOf(one) !== n))) faults.push(`#${id} stands twice`);
  for (const one of document.querySelectorAll("img:not([alt])")) faults.push(`${where(one)} has no alt`);
  for (const one of document.querySelectorAll("input[type=radio], input[type=checkbox]")) {
    if (one.closest(".choices") && !one.closest("fieldset")?.querySelector("legend")) faults.push(`${where(one)} is in no fieldset with a legend`);
  }
  for (const one of document.querySelectorAll("[onclick], [style], [tabindex]:not([tabindex='0'], [tabindex='-1'])")) faults.push(`${where(one)} has an attribute that it must not have`);
  for (const one of document.querySelectorAll("a[href], button, summary, label.choice, label.check, input:not(.choice input, .check input)")) {
    const box = one.getBoundingClientRect();
    const inline = one.localName === "a" && getComputedStyle(one).display === "inline";
    const beside = shown(one) && !one.matches(".skip") && box.width > 0 && (box.left < -1 || box.right > innerWidth + 1);
    if (beside) faults.push(`${where(one)} reaches from ${Math.round(box.left)} to ${Math.round(box.right)} px`);
    if (shown(one) && !inline && !one.matches(".skip") && !one.closest("[inert]") && (box.height < 43.5 || box.width < 43.5)) faults.push(`${where(one)} is ${Math.round(box.width)} × ${Math.round(box.height)} px`);
  }

  // Contrast of text against the nearest painted ground.
  const parse = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !shown(one) || one.closest(".unseen, script, noscript, [disabled], [inert], .skip, progress, meter") || (scope && !scope.contains(one))) continue;
    const style = getComputedStyle(one);
    if (parseFloat(style.fontSize) === 0) continue;
    const [a, b] = [light(parse(style.color)), light(ground(one))].sort((x, y) => y - x);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if ((a + 0.05) / (b + 0.05) < (large ? 3 : 4.5)) faults.push(`${where(one)} has contrast ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} px wide on ${innerWidth} px`);
  return [...new Set(faults)];
}
