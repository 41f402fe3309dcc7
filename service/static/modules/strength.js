// Roughly how strong a password is, for whoever chooses one. The server judges again, by better means.

const COMMON = /passw?(or[dt])?|qwert[yz]?|asdfg?|letmein|welcome|admin|i?love(you)?|sunshine|football|(19|20)\d\d/g;
const KINDS = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[ -/:-@[-`{-~]/, 33], [/[^ -~]/, 100]];

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

// "short", "weak", "fair" or "good"; `about` is what others know of the reader: address, name, the site.
export function level(password, shortest, about) {
  if ([...password].length < shortest) return "short";
  const names = about.join(" ").toLowerCase().split(/[^\p{L}\p{N}]+/u).filter((name) => name.length > 3);
  const found = bits(password, names);
  return found < 40 ? "weak" : found < 60 ? "fair" : "good";
}
