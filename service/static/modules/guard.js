// The captcha of a form, where one is asked for. ALTCHA is worked out here. The others are boxes and scripts of their
// vendors, which neither a shadow root nor the page's policy lets in: for those the reader goes to the page.

import { call } from "./calls.js";
import { solve } from "./altcha.js";

export class NeedsPage extends Error {}
export class NoAnswer extends Error {}

const GOOD_FOR = 15 * 60_000; // milliseconds

export class Guard {
  #work;
  #begunAt;

  constructor({ service, about: { captcha, language } }, place) {
    Object.assign(this, { service, language, kind: captcha?.kind, always: captcha?.places[place] === "always" });
  }

  get shown() { return this.always && this.kind === "altcha" }

  get needsPage() { return this.always && this.kind !== "altcha" }

  // Begin early, so that nobody has to wait.
  begin() {
    if (!this.#work || performance.now() - this.#begunAt > GOOD_FOR) {
      this.#begunAt = performance.now();
      this.#work = call(this.service, this.language, "/captcha/challenge").then(solve);
      this.#work.catch(() => { this.#work = undefined });
    }
    return this.#work;
  }

  // Send a body along with an answer where one is asked for; an answer counts once.
  async send(path, body, working) {
    const post = (captcha) => call(this.service, this.language, path, { ...body, ...(captcha && { captcha }) });
    if (!this.always) {
      try {
        return await post();
      } catch (refused) {
        if (refused.code !== "captcha_required") throw refused;
        if (this.kind !== "altcha") throw new NeedsPage();
        this.always = true; // whom we suspect once, we suspect again
      }
    }
    working();
    const answer = await this.begin().catch((cause) => { throw new NoAnswer("", { cause }) });
    this.#work = undefined;
    return post(answer);
  }
}
