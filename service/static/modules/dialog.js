// The dialog over the article: one native <dialog>, in which one view follows another.

import { Away, Refused } from "./calls.js";
import { linked, make } from "./elements.js";
import { helpWithPasswords, mark } from "./fields.js";
import { Guard, NeedsPage, NoAnswer } from "./guard.js";
import { VIEWS } from "./views.js";

const GLANCE = 2000; // milliseconds between two looks whether the other window is done
const WINDOW = "popup,width=480,height=680";

const prepared = new Map();

// Fetch settings, words and style for a language, once.
export function prepare(service, style, language) {
  if (!prepared.has(language)) {
    const asked = load(service, style, language);
    asked.catch(() => prepared.delete(language));
    prepared.set(language, asked);
  }
  return prepared.get(language);
}

async function load(service, style, language) {
  const get = async (url) => {
    const answer = await fetch(url, { credentials: "omit" });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    return answer;
  };
  const settings = get(`${service}/embed/${encodeURIComponent(language)}.json`).then((answer) => answer.json());
  const rules = get(style).then((answer) => answer.text());
  const sheet = new CSSStyleSheet();
  const [about] = await Promise.all([settings, rules.then((text) => sheet.replaceSync(text))]);
  return { ...about, sheet };
}

export class Dialog {
  typed = ""; // the address, which follows the reader from view to view
  #box = make("div", { class: "view" });
  #frame;
  #timer;
  #look = () => this.#glance();

  // `next()` is the address to come back to, `session()` who is signed in; `arrive` and `leave` are told of the end.
  constructor(root, { service, about, next, session, arrive, leave }) {
    Object.assign(this, { root, service, about, words: about.words, next, session, arrive, left: leave });
    const close = make("button", { class: "close", part: "close", type: "button", "aria-label": this.words.close }, "×");
    this.#frame = make(
      "dialog",
      { part: "dialog", "aria-labelledby": "title", lang: about.language, dir: about.direction },
      make("div", { class: "frame" }, this.#box, close),
    );
    close.addEventListener("click", () => this.#frame.close());
    this.#frame.addEventListener("keydown", (event) => this.#keepWithin(event));
    this.#frame.addEventListener("close", () => this.#end());
  }

  // Raises NeedsPage for what only the page can do.
  open(view) {
    if (new Guard(this, VIEWS[view].place).needsPage) throw new NeedsPage();
    this.root.adoptedStyleSheets = [this.about.sheet];
    this.root.append(this.#frame);
    this.#frame.showModal();
    this.show(view);
  }

  // The page that does the same, with the way back.
  page = (path) => `${this.service}${path}?next=${encodeURIComponent(this.next())}`;

  // A link to another view.
  way(view, words) {
    const link = make("a", { href: this.page(VIEWS[view].path) }, words);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      this.show(view);
    });
    return link;
  }

  show(name) {
    const view = VIEWS[name];
    const guard = new Guard(this, view.place);
    if (guard.needsPage) return location.assign(this.page(view.path));
    const status = make("p", { class: "hint status", role: "status" });
    const button = make("button", { class: "button", part: "button", type: "submit" }, this.words[view.button]);
    const form = make("form", { novalidate: true, method: "dialog" }, ...view.fields(this), status, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (button.ariaBusy !== "true") this.#submit(view, { form, button, status, guard });
    });
    if (guard.shown) {
      status.before(make("p", { class: "hint small" }, this.words.altcha));
      form.addEventListener("focusin", () => guard.begin().catch(() => {}), { once: true });
    }
    const hint = view.hint && make("p", { class: "hint" }, this.words[view.hint]);
    const after = view.after(this).map((parts) => make("p", { class: "after" }, ...parts));
    this.#turn(this.words[view.title], ...view.lead(this), form, hint, ...after);
    helpWithPasswords(form);
    (this.typed && form.elements.password ? form.elements.password : form.elements.email).focus();
  }

  async #submit(view, { form, button, status, guard }) {
    const values = Object.fromEntries(new FormData(form));
    const label = button.textContent;
    this.typed = values.email;
    this.#alert(form);
    mark(form, []);
    button.ariaBusy = "true";
    button.textContent = this.words.wait;
    const working = () => { status.textContent = this.words.working };
    try {
      await view.send(values, this, (path, body) => guard.send(path, body, working));
    } catch (trouble) {
      this.#tell(view, form, trouble);
    } finally {
      button.ariaBusy = null;
      button.textContent = label;
      status.textContent = "";
    }
  }

  #tell(view, form, trouble) {
    if (trouble instanceof NeedsPage) return location.assign(this.page(view.path));
    if (trouble.code === "mfa_required") return location.assign(this.page("/login/mfa"));
    const others = mark(form, trouble.errors ?? []);
    if (trouble.errors?.length && !others.length) return;
    const sentence =
      trouble instanceof NoAnswer ? this.words.failed
      : trouble instanceof Away ? this.words.away
      : trouble instanceof Refused ? others[0]?.message ?? trouble.message
      : this.words.went_wrong;
    const wait = trouble.wait > 5 ? ` (${this.#inAWhile(trouble.wait)})` : "";
    this.#alert(form, sentence, wait);
  }

  // "in 5 minutes"
  #inAWhile(seconds) {
    const format = new Intl.RelativeTimeFormat(this.about.language);
    return seconds < 90 ? format.format(seconds, "second") : format.format(Math.ceil(seconds / 60), "minute");
  }

  #alert(form, sentence, more = "") {
    this.#box.querySelector(".alert")?.remove();
    if (!sentence) return;
    const words = linked(sentence, [this.words.support, this.words.Support], this.about.support_url);
    const alert = make("div", { class: "alert", part: "alert", role: "alert", tabindex: "-1" }, ...words, more);
    form.before(alert);
    alert.focus();
  }

  // A letter is on its way, and nothing is left to do here: unless its link signs in, beside this page.
  sent(message, view, hint) {
    const again = make("p", { class: "after" }, this.words.nothing_came, this.way(view, this.words.again));
    const lead = make("p", { class: "lead", role: "status" }, ...message);
    this.#turn(this.words.inbox, lead, hint && make("p", { class: "hint" }, hint), again);
    this.#box.querySelector("h2").focus();
    for (const name of ["focus", "visibilitychange"]) addEventListener(name, this.#look, true);
  }

  // Sign in with a provider: in a window of its own, or, on phones and where none may open, on this page's way.
  leave(event, path) {
    if (matchMedia("(pointer: coarse)").matches) return;
    const other = window.open(`${this.service}${path}?next=/embed/done`, "masthead", WINDOW);
    if (!other) return;
    event.preventDefault();
    const here = make("a", { href: this.page(path) }, this.words.here);
    this.#turn(
      this.words.wait,
      make("p", { class: "lead", role: "status" }, this.words.other_window),
      make("p", { class: "after" }, this.words.no_window, here),
      make("p", { class: "after" }, this.way("login", this.words.back)),
    );
    this.#box.querySelector("h2").focus();
    this.#timer = setInterval(this.#look, GLANCE);
  }

  // Somebody has signed in here. Where the browser keeps our cookie from this page, go on where it does not.
  async signedIn() {
    const found = await this.session().catch(() => null);
    if (found) this.#arrived(found);
    else location.assign(this.page("/login"));
  }

  async #glance() {
    if (document.hidden) return;
    const found = await this.session().catch(() => null);
    if (found && this.#frame.open) this.#arrived(found);
  }

  #arrived(found) {
    this.arrive(found);
    this.#frame.close();
  }

  #turn(title, ...content) {
    this.#rest();
    this.#box.replaceChildren(make("h2", { id: "title", part: "title", tabindex: "-1" }, title), ...content.filter(Boolean));
    this.#frame.scrollTop = 0;
  }

  #rest() {
    clearInterval(this.#timer);
    for (const name of ["focus", "visibilitychange"]) removeEventListener(name, this.#look, true);
  }

  // Tab goes round within the dialog.
  #keepWithin(event) {
    if (event.key !== "Tab") return;
    const stops = [...this.#frame.querySelectorAll("a[href], button, input")].filter((one) => one.checkVisibility());
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    const here = this.root.activeElement;
    if (here !== from && stops.includes(here)) return;
    if (!stops.includes(here) && !event.shiftKey) return;
    event.preventDefault();
    to.focus();
  }

  #end() {
    this.#rest();
    this.#frame.remove(); // and with it what was typed
    this.left();
  }
}
