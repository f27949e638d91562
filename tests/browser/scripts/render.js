// What a text of the bank becomes: its HTML, its visible text, its elements.
async (source) => {
  const { blocks } = await import("/static/js/markup.js");
  const element = blocks({ th: source });
  document.body.append(element);
  const tags = [...element.querySelectorAll("*")].map((one) => one.localName);
  return { html: element.innerHTML, text: element.textContent, tags };
}
