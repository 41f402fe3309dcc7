// Helps whoever types a password: shows it when asked to, and says roughly how strong a new one is.
// Nothing leaves the page before the form is sent. The field's data- attributes are the words.

import { make } from "./elements.js";
import { level } from "./strength.js";

const PAUSE = 600; // milliseconds without typing, so that nobody is talked over

function about(field) {
  const typed = [...field.form.querySelectorAll("[type=email], [name=name]")].map((input) => input.value);
  return [field.dataset.site, ...typed];
}

function rate(field) {
  const told = make("span", { "aria-live": "polite" });
  const meter = make("div", { class: "strength" }, told);
  let pause;
  field.addEventListener("input", () => {
    const now = (meter.dataset.level = field.value && level(field.value, field.minLength, about(field)));
    clearTimeout(pause);
    pause = setTimeout(() => { told.textContent = field.dataset[now] ?? "" }, PAUSE);
  });
  return meter;
}

function reveal(field) {
  const button = make("button", { class: "reveal", type: "button", "aria-controls": field.id });
  const turn = (type) => {
    field.type = type;
    button.textContent = type === "text" ? field.dataset.hide : field.dataset.show;
  };
  button.addEventListener("click", () => turn(field.type === "text" ? "password" : "text"));
  field.form.addEventListener("submit", () => turn("password")); // browsers remember what is sent as text
  turn("password");
  return button;
}

// Put below a field, which is in its form, what is no use without a script.
export function help(field) {
  const row = make("div", { class: "beside" });
  if (field.dataset.weak) row.append(rate(field));
  row.append(reveal(field));
  field.after(row);
}
