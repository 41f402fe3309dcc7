// Helps whoever types a password: shows it when asked to, and says roughly how strong a new one is.
// Nothing leaves the page before the form is sent; then the server judges, by better means.

const COMMON = /passw?(or[dt])?|qwert[yz]?|asdfg?|letmein|welcome|admin|i?love(you)?|sunshine|football|(19|20)\d\d/g;
const KINDS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[ -/:-@[-`{-~]/, 33], [/[^ -~]/, 100]];
const PAUSE = 600; // milliseconds without typing, so that nobody is talked over

const make = (name, className) => Object.assign(document.createElement(name), { className });

function namesNear(field) {
  const typed = [...field.form.querySelectorAll("[type=email], [name=name]")].map((input) => input.value);
  return [field.dataset.site, ...typed].join(" ").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((name) => name.length > 3);
}

// What is left when names, common words, repetitions and rows are taken out, in bits.
function bits(password, names) {
  let rest = password.slice(0, 64).toLowerCase();
  for (const name of names) rest = rest.replaceAll(name, "");
  const points = Array.from(rest.replace(COMMON, "").replace(/(.+?)\1+/gu, "$1"), (sign) => sign.codePointAt(0));
  const step = (place) => points[place] - points[place - 1];
  const kept = points.filter((_, place) => place < 2 || Math.abs(step(place)) > 1 || step(place) !== step(place - 1));
  const pool = KINDS.reduce((sum, [kind, size]) => sum + (kind.test(password) ? size : 0), 0);
  return kept.length * Math.log2(pool);
}

function level(field) {
  if ([...field.value].length < field.minLength) return "short";
  const found = bits(field.value, namesNear(field));
  return found < 40 ? "weak" : found < 60 ? "fair" : "good";
}

function rate(field) {
  const meter = make("div", "strength");
  const told = make("span", "");
  told.setAttribute("aria-live", "polite");
  meter.append(told);
  let pause;
  field.addEventListener("input", () => {
    const now = (meter.dataset.level = field.value && level(field));
    clearTimeout(pause);
    pause = setTimeout(() => { told.textContent = field.dataset[now] ?? "" }, PAUSE);
  });
  return meter;
}

function reveal(field) {
  const button = make("button", "reveal");
  const turn = (type) => {
    field.type = type;
    button.textContent = type === "text" ? field.dataset.hide : field.dataset.show;
  };
  button.type = "button";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => turn(field.type === "text" ? "password" : "text"));
  field.form.addEventListener("submit", () => turn("password")); // browsers remember what is sent as text
  turn("password");
  return button;
}

for (const field of document.querySelectorAll("input[data-show]")) {
  const row = make("div", "beside");
  if (field.dataset.weak) row.append(rate(field));
  row.append(reveal(field));
  field.after(row);
}
