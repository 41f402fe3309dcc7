// Builds elements out of text and attributes, never out of markup: what is data stays text.

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function drawing([box, shapes]) {
  const part = (name, attributes) => set(document.createElementNS("http://www.w3.org/2000/svg", name), attributes);
  const svg = part("svg", { class: "logo", viewBox: box, "aria-hidden": "true" });
  svg.append(...shapes.map(([fill, d]) => part("path", { fill, d })));
  return svg;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

// "Sign in with %(label)s"
export const fill = (sentence, values) => sentence.replace(/%\((\w+)\)s/g, (_, name) => values[name]);

// A sentence in which the first of some words it has is a link.
export function linked(sentence, words, href) {
  const found = words.find((one) => sentence.includes(one));
  if (!found) return [sentence];
  const [before, after] = sentence.split(found, 2);
  return [before, make("a", { href }, found), after];
}
