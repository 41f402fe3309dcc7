// Passkeys on our pages. A form asks for one: to sign in ("login"), as the second step ("step"), or to add one ("new").
// It is shown where the browser knows passkeys, and its data- attributes are the words.

import { Away, Refused, call } from "./calls.js";
import { make } from "./elements.js";

const GOOD_FOR = 4 * 60_000; // milliseconds; the service takes an answer within five minutes
const TOUCHES = ["pointermove", "pointerdown", "keydown", "focusin"];
const ANSWERS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];

const ask = (path, body = {}) => call("", document.documentElement.lang, path, body);

// Browsers that do not yet read and write JSON themselves get bytes out of base64url, and back.

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const withBytes = (one) => ({ ...one, id: bytesOf(one.id) });

function read(options, making) {
  const native = PublicKeyCredential[making ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON"];
  if (native) return native.call(PublicKeyCredential, options);
  const { challenge, user, excludeCredentials: known } = options;
  return {
    ...options,
    challenge: bytesOf(challenge),
    ...(user && { user: withBytes(user) }),
    ...(known && { excludeCredentials: known.map(withBytes) }),
  };
}

function written(credential) {
  if (credential.toJSON) return credential.toJSON();
  const { id, type, response } = credential;
  const told = ANSWERS.filter((name) => response[name]).map((name) => [name, textOf(response[name])]);
  return { id, rawId: id, type, clientExtensionResults: {}, response: Object.fromEntries(told) };
}

async function signed({ options }, more) {
  return written(await navigator.credentials.get({ publicKey: read(options), ...more }));
}

async function made({ options }) {
  return written(await navigator.credentials.create({ publicKey: read(options, true) }));
}

// What is told of trouble; nothing of a reader's own no, which browsers do not tell from being too slow.
function trouble(error, words) {
  if (["AbortError", "NotAllowedError"].includes(error.name)) return "";
  if (error instanceof Refused) return error.errors[0]?.message ?? error.message;
  if (error instanceof Away) return words.away;
  return error.name === "InvalidStateError" ? words.known : words.failed;
}

class Passkey {
  #form;
  #button;
  #status;
  #waiting;

  constructor(form) {
    this.#form = form;
    this.#button = form.querySelector("[type=submit]");
    this.#status = form.querySelector("[role=alert]");
    form.addEventListener("submit", (event) => this.#submit(event));
    // An answer counts once: who comes back to the page by the browser's memory of it begins anew.
    addEventListener("pageshow", ({ persisted }) => persisted && form.elements.credential?.value && location.reload());
  }

  async #submit(event) {
    if (this.#form.elements.credential?.value) return; // on its way to the page's own address
    event.preventDefault();
    if (this.#button.ariaBusy === "true") return;
    this.#waiting?.abort(); // a browser asks one thing at a time
    this.#say("");
    this.#button.ariaBusy = "true";
    try {
      await this[this.#form.dataset.passkey]();
    } catch (error) {
      this.#button.ariaBusy = null;
      this.#say(trouble(error, this.#form.dataset));
    }
  }

  #say(words) {
    this.#status.textContent = words;
  }

  async login() {
    await this.#enter(await signed(await ask("/login/passkey/options")));
  }

  async step() {
    this.#send(await signed(await ask("/login/passkey/options")));
  }

  async new() {
    const { current_password, code } = Object.fromEntries(new FormData(this.#form));
    const proof = { ...(current_password && { current_password }), ...(code && { code }) };
    this.#send(await made(await ask("/me/passkey-options", proof)));
  }

  // The page takes what the authenticator answered, and says what became of it.
  #send(credential) {
    const { elements } = this.#form;
    elements.credential.value = JSON.stringify(credential);
    for (const asked of ["current_password", "code"]) elements[asked]?.setAttribute("disabled", ""); // shown already
    setTimeout(() => this.#form.requestSubmit(this.#button));
  }

  // One at a time: a second sign-in would end the session of the first.
  async #enter(credential) {
    this.#button.ariaBusy = "true";
    const remember = Boolean(document.querySelector("[name=remember]")?.checked);
    await ask("/login/passkey", { credential, remember });
    location.assign(this.#form.dataset.next);
  }

  // Passkeys among what the browser fills into the address. It is asked once somebody is there, for it costs us a row.
  offerFilledIn() {
    for (const name of TOUCHES) addEventListener(name, this.#touched, { passive: true });
  }

  #touched = async () => {
    for (const name of TOUCHES) removeEventListener(name, this.#touched);
    if (this.#button.ariaBusy === "true") return this.offerFilledIn();
    const waiting = (this.#waiting = new AbortController());
    const stale = setTimeout(() => waiting.abort(), GOOD_FOR);
    try {
      const options = await ask("/login/passkey/options");
      waiting.signal.throwIfAborted();
      await this.#enter(await signed(options, { mediation: "conditional", signal: waiting.signal }));
    } catch (error) {
      if (this.#waiting === waiting && !waiting.signal.aborted) this.#button.ariaBusy = null;
      if (error.code === "invalid_passkey") this.#say(error.message);
      else if (!waiting.signal.aborted) return;
      this.offerFilledIn();
    } finally {
      clearTimeout(stale);
    }
  };
}

export async function offerPasskeys(form) {
  if (!window.PublicKeyCredential) return form.replaceWith(make("p", { class: "hint" }, form.dataset.absent ?? ""));
  form.hidden = false;
  const passkey = new Passkey(form);
  const filled = form.dataset.passkey === "login" && PublicKeyCredential.isConditionalMediationAvailable;
  if (filled && (await filled.call(PublicKeyCredential))) passkey.offerFilledIn();
}
