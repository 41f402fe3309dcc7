/* Masthead on the pages of the site: <masthead-dialog> and window.masthead. See docs/dialog.md.
   This much is loaded on every page; the rest when a reader is about to sign in. Whatever fails, the links inside
   <masthead-dialog> lead to the pages that do the same. */
"use strict";
(() => {
  if (customElements.get("masthead-dialog")) return;
  const service = new URL(document.currentScript.src).origin;
  const script = `${service}/static/dialog.js`;
  const style = `${service}/static/dialog.css`;
  const VIEWS = { "/login": "login", "/signup": "signup", "/forgot-password": "forgot", "/login/link": "link" };
  const PATIENCE = 8000; // milliseconds until a slow dialog is given up for the page
  const LONGEST_NEXT = 2000;
  const HEARD = ["masthead:signedin", "masthead:signedout", "pageshow"];

  /* Where the reader is: the block of text at the top of the window and how much of it is above, in percent.
     It travels as a fragment of `next`, so that it survives mails, other tabs and other devices. */

  const BLOCKS = "p, h1, h2, h3, h4, li, blockquote, figure, pre";
  const PLACE = /^#masthead-at=(\d{1,6})\.(\d{1,3})$/;

  const blocks = () => [...(document.querySelector("main, [role=main], article") ?? document.body).querySelectorAll(BLOCKS)];

  function next() {
    const here = new URL(location.href);
    if (scrollY > 0) {
      const all = blocks();
      const at = all.findIndex((block) => block.getBoundingClientRect().bottom > 1);
      if (at >= 0) {
        const { top, height } = all[at].getBoundingClientRect();
        here.hash = `masthead-at=${at}.${Math.round(Math.min(Math.max(-top / height, 0), 1) * 100)}`;
      }
    }
    return here.href.length <= LONGEST_NEXT ? here.href : here.origin + here.pathname;
  }

  function comeBack() {
    const [, at, percent] = PLACE.exec(location.hash) ?? [];
    if (at === undefined) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    let moved = false;
    const events = ["wheel", "touchmove", "keydown", "pointerdown"];
    const leave = () => { moved = true };
    for (const name of events) addEventListener(name, leave, { once: true, passive: true });
    const go = () => {
      const block = blocks()[at];
      if (moved || !block) return;
      const { top, height } = block.getBoundingClientRect();
      scrollTo({ top: scrollY + top + (height * percent) / 100, behavior: "instant" });
    };
    const stages = { loading: ["DOMContentLoaded", "load"], interactive: ["load"], complete: [] };
    for (const stage of stages[document.readyState]) addEventListener(stage, go, { once: true });
    if (document.readyState !== "loading") go();
  }

  /* Who is signed in */

  async function session() {
    const answer = await fetch(`${service}/api/v1/session`, { credentials: "include" });
    if (answer.status === 401) return null;
    if (!answer.ok) throw new Error(`${service} answered ${answer.status}`);
    return answer.json();
  }

  async function signOut(teller = document) {
    const answer = await fetch(`${service}/api/v1/logout`, { method: "POST", credentials: "include" });
    if (!answer.ok) throw new Error(`${service} answered ${answer.status}`);
    tell(teller, "masthead:signedout", null);
  }

  const tell = (teller, name, detail) =>
    teller.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));

  /* The element */

  const within = (promise) =>
    Promise.race([promise, new Promise((_, fail) => { setTimeout(fail, PATIENCE, new Error("too slow")) })]);

  class MastheadDialog extends HTMLElement {
    #out = document.createElement("slot");
    #in = Object.assign(document.createElement("slot"), { name: "signed-in", hidden: true });
    #busy = false;

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).append(this.#out, this.#in);
      this.#in.addEventListener("slotchange", () => this.#ask(), { once: true });
      this.addEventListener("click", (event) => this.#follow(event));
      for (const name of ["pointerover", "focusin"]) {
        this.addEventListener(name, () => this.#prepare().catch(() => {}), { once: true });
      }
    }

    connectedCallback() {
      for (const name of HEARD) addEventListener(name, this);
    }

    disconnectedCallback() {
      for (const name of HEARD) removeEventListener(name, this);
    }

    handleEvent(event) {
      if (event.type !== "pageshow") this.#show(event.type === "masthead:signedin");
      else if (event.persisted && this.#in.assignedElements().length) this.#askAgain();
    }

    /* The browser had put the page aside as it was; somebody may have signed in or out since. */
    async #askAgain() {
      const found = await session().catch(() => undefined);
      if (found === undefined || Boolean(found) !== this.#in.hidden) return;
      tell(this, found ? "masthead:signedin" : "masthead:signedout", found);
    }

    async #ask() {
      this.#show(await session().catch(() => null));
    }

    #show(signedIn) {
      this.#in.hidden = !signedIn;
      this.#out.hidden = Boolean(signedIn);
      for (const child of this.querySelectorAll(":scope > [slot=signed-in]")) child.hidden = !signedIn;
    }

    #follow(event) {
      const link = event.target.closest("a[href]");
      const modified = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
      if (!link || modified || event.defaultPrevented) return;
      const url = new URL(link.href);
      const view = VIEWS[url.pathname];
      if (url.origin !== service || !(view || url.pathname === "/logout")) return;
      url.searchParams.set("next", next());
      link.href = url;
      event.preventDefault();
      const done = view ? this.open(view, link) : this.signOut();
      done.catch(() => location.assign(url));
    }

    async #prepare() {
      const language = this.closest("[lang]")?.lang || navigator.language;
      const { Dialog, prepare } = await import(script);
      return { Dialog, about: await prepare(service, style, language) };
    }

    /* Open the dialog; fulfilled when it is open, or somebody turns out to be signed in; else rejected. */
    async open(view = "login", trigger = document.activeElement) {
      if (this.#busy || this.shadowRoot.querySelector("dialog")) return;
      if (!navigator.cookieEnabled || !CSS.supports("color", "light-dark(red, red)")) throw new Error("not in this browser");
      this.#busy = true;
      trigger?.setAttribute?.("aria-busy", "true");
      try {
        const [found, { Dialog, about }] = await within(Promise.all([session(), this.#prepare()]));
        if (!about.same_site) throw new Error("cookies of the service do not reach this page");
        const arrive = (person) => tell(this, "masthead:signedin", person);
        const leave = () => this.#giveBack(trigger);
        if (found) return leave(arrive(found));
        new Dialog(this.shadowRoot, { service, about, next, session, arrive, leave }).open(view);
      } finally {
        this.#busy = false;
        trigger?.removeAttribute?.("aria-busy");
      }
    }

    async signOut() {
      await signOut(this);
      this.#giveBack(this.querySelector("a, button"));
    }

    /* The focus goes back to where it was, or to what stands there now. */
    #giveBack(trigger) {
      const there = [trigger, ...this.querySelectorAll("a[href], button")].find((one) => one?.checkVisibility?.());
      there?.focus();
    }
  }

  customElements.define("masthead-dialog", MastheadDialog);

  /* window.masthead */

  async function open(view = "login") {
    const element = document.querySelector("masthead-dialog") ?? document.body.appendChild(new MastheadDialog());
    try {
      await element.open(view);
    } catch {
      const path = Object.keys(VIEWS).find((one) => VIEWS[one] === view) ?? "/login";
      location.assign(`${service}${path}?next=${encodeURIComponent(next())}`);
    }
  }

  window.masthead = Object.freeze({ open, session, signOut: () => signOut() });
  comeBack();
})();
