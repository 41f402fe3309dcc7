// What the dialog's forms are made of, like those of the pages: a label, hints, errors beside the field.

import { fill, make } from "./elements.js";
import { help } from "./secrets.js";

export function field(words, name, label, attributes = {}, hint) {
  const told = hint && make("p", { class: "hint", id: `${name}-hint` }, hint);
  const input = make("input", {
    id: name, name, class: "input", part: "input", type: "text", "aria-describedby": told && told.id, ...attributes,
  });
  const optional = attributes.required ? undefined : make("span", { class: "optional" }, ` ${words.optional}`);
  return make("div", { class: "field" }, make("label", { for: name }, label, optional), told, input);
}

export const email = (words, value, attributes) =>
  field(words, "email", words.email, {
    type: "email", value, required: true, inputmode: "email", autocapitalize: "none", spellcheck: "false", ...attributes,
  });

const secret = (words, attributes, hint) =>
  field(words, "password", words.password, {
    type: "password", required: true, autocapitalize: "none", spellcheck: "false",
    "data-show": words.show, "data-hide": words.hide, ...attributes,
  }, hint);

export const password = (words) => secret(words, { autocomplete: "current-password", enterkeyhint: "go" });

export const newPassword = (words, { min_length, site_name }) =>
  secret(words, {
    autocomplete: "new-password", enterkeyhint: "next", minlength: min_length, passwordrules: `minlength: ${min_length};`,
    "data-site": site_name, "data-short": words.short, "data-weak": words.weak, "data-fair": words.fair, "data-good": words.good,
  }, fill(words.choose, { min_length }));

export const tick = (name, label) =>
  make("label", { class: "tick" }, make("input", { type: "checkbox", name, value: "yes" }), make("span", {}, label));

// Once the fields are in their form.
export function helpWithPasswords(form) {
  for (const input of form.querySelectorAll("[data-show]")) help(input);
}

// Say what is wrong beside the fields that were meant; return what was meant for no field here.
export function mark(form, errors) {
  for (const old of form.querySelectorAll(".error")) old.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    describe(input, form);
  }
  const others = errors.filter(({ field: name }) => !form.elements[name]);
  for (const { field: name, message } of errors) {
    const input = form.elements[name];
    if (!input) continue;
    const id = `${name}-error-${form.querySelectorAll(".error").length + 1}`;
    input.before(make("p", { class: "error", part: "error", id }, message));
    input.setAttribute("aria-invalid", "true");
    describe(input, form);
  }
  form.querySelector("[aria-invalid]")?.focus();
  return others;
}

function describe(input, form) {
  const ids = [...form.querySelectorAll(`[id^="${input.id}-error-"], [id="${input.id}-hint"]`)].map(({ id }) => id);
  ids.sort((one, other) => one.endsWith("-hint") - other.endsWith("-hint"));
  if (ids.length) input.setAttribute("aria-describedby", ids.join(" "));
  else input.removeAttribute("aria-describedby");
}
