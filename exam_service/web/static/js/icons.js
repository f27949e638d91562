// Line icons, drawn as elements. They only repeat what the words beside them say, so they are hidden from screen readers.
const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  clock: "M12 7v5.2l3.4 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9.5h-13z",
  flag: "M6 21V4M6 4.5h11.5l-2.2 4 2.2 4H6",
  book: "M12 6.5C10 5 7.5 4.5 4 4.500v14c3.5 0 6 .5 8 2 2-1.5 4.5-2 8-2v-14c-3.5 0-6 .5-8 2zM12 6.500v14",
  pencil: "M4 20l1-4.500L16.5 4l3.5 3.500L8.5 19z",
  award: "M12 14.500a5.75 5.75 0 1 0 0-11.5 5.75 5.75 0 0 0 0 11.500zM8.5 13.5 7 21l5-2.5 5 2.5-1.5-7.5",
  alert: "M12 8v5M12 16.500v.01M10.3 4.2 2.7 17.500a2 2 0 0 0 1.7 3h15.200a2 2 0 0 0 1.7-3L13.7 4.200a2 2 0 0 0-3.4 0z",
  info: "M12 11v5.500M12 7.500v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  arrow: "M5 12h14M13 6l6 6-6 6",
  back: "M19 12H5M11 6l-6 6 6 6",
  grid: "M4 4h6.500v6.500H4zM13.5 4H20v6.500h-6.500zM4 13.500h6.500V20H4zM13.5 13.500H20V20h-6.500z",
  help: "M9.5 9.300a2.6 2.6 0 1 1 3.7 2.400c-.8.4-1.2 1-1.2 1.900v.4M12 17v.01M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  cloud: "M7 18.500a4 4 0 0 1-.5-8 5.7 5.7 0 0 1 11-1 4.5 4.5 0 0 1 .5 9zM9 14l2.2 2.200L15 12.5",
  sync: "M4.5 12a7.5 7.5 0 0 1 13-5l2 2M19.5 4.500V9H15M19.5 12a7.5 7.5 0 0 1-13 5l-2-2M4.5 19.500V15H9",
  device: "M8 3h8a1.5 1.5 0 0 1 1.5 1.500v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.500v-15A1.5 1.5 0 0 1 8 3zM11 18h2",
  download: "M12 4v11M7.5 11l4.5 4.500L16.5 11M5 20h14",
  send: "M4 12 20 4l-5 16-3.5-6.500z",
  offline: "M7 18.500a4 4 0 0 1-.5-8 5.600 5.600 0 0 1 1-2M11 6.300a5.700 5.700 0 0 1 6.500 3.200 4.500 4.500 0 0 1 2.700 7.200M15 18.500H7M4 4l16 16",
  mail: "M3.500 6h17v12.500h-17zM3.500 7l8.500 6.500L20.500 7",
  pause: "M9 6v12M15 6v12",
  dash: "M6 12h12",
  plus: "M12 6v12M6 12h12",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  shield: "M12 3l7.5 2.8v5.700c0 4.500-3 8-7.5 9.500-4.5-1.500-7.5-5-7.5-9.500V5.800zM8.5 12l2.5 2.500 4.5-5",
  dot: "M12 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A ring that is filled so many percent; the number stands beside it in words. */
export function ring(percent) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "ring");
  svg.setAttribute("viewBox", "0 0 120 120");
  svg.setAttribute("aria-hidden", "true");
  for (const [name, share] of [["ring-whole", 100], ["ring-part", Math.max(0, Math.min(100, percent))]]) {
    const circle = document.createElementNS(SVG, "circle");
    const values = { class: name, cx: 60, cy: 60, r: 52, pathLength: 100, "stroke-dasharray": `${share} 100`, transform: "rotate(-90 60 60)" };
    for (const [key, value] of Object.entries(values)) circle.setAttribute(key, value);
    svg.append(circle);
  }
  return svg;
}
