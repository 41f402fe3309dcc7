// What the dialog shows: a heading, a form and ways on for each thing a reader may want.

import { drawing, fill, make } from "./elements.js";
import { email, field, newPassword, password, tick } from "./fields.js";

// `place` names the captcha's place, `path` the page that does the same. `send(values, post)` sends the form; what
// it returns is shown next.
export const VIEWS = {
  login: {
    place: "login",
    path: "/login",
    title: "login",
    button: "login",
    lead: (talk) => providers(talk, talk.words.login_with),
    fields: (talk) => [
      email(talk.words, talk.typed, { autocomplete: "username", enterkeyhint: "next" }),
      password(talk.words),
      make("div", { class: "aside" }, tick("remember", talk.words.remember), talk.way("forgot", talk.words.forgot_question)),
    ],
    after: (talk) => [
      [talk.way("link", talk.words.link)],
      [talk.words.new_here, talk.way("signup", talk.words.signup)],
    ],
    async send({ email, password, remember }, talk, post) {
      await post("/login", { email, password, remember: remember === "yes" });
      await talk.signedIn();
    },
  },

  signup: {
    place: "signup",
    path: "/signup",
    title: "signup",
    button: "create",
    lead: (talk) => providers(talk, talk.words.signup_with),
    fields: (talk) => [
      email(talk.words, talk.typed, { autocomplete: "email", enterkeyhint: "next" }),
      newPassword(talk.words, talk.about),
      field(talk.words, "name", talk.words.name, { autocomplete: "name", autocapitalize: "words", enterkeyhint: "done" }),
      tick("newsletter", talk.words.newsletter),
    ],
    after: (talk) => [[talk.words.member, talk.way("login", talk.words.login)]],
    async send({ email, password, name, newsletter }, talk, post) {
      const consent = newsletter === "yes";
      await post("/signup", { email, password, newsletter: consent, next: talk.next(), ...(name && { name }) });
      const [before, after] = talk.words.sent_to.split("%(address)s");
      talk.sent([before, make("strong", {}, email), after], "signup", talk.words.how_long);
    },
  },

  forgot: {
    place: "forgot",
    path: "/forgot-password",
    title: "forgot",
    button: "send_instructions",
    lead: ({ words }) => [make("p", { class: "lead" }, words.forgot_lead)],
    fields: (talk) => [email(talk.words, talk.typed, { autocomplete: "username", enterkeyhint: "send" })],
    hint: "forgot_hint",
    after: (talk) => [[talk.way("login", talk.words.back)]],
    async send({ email }, talk, post) {
      const { message } = await post("/password/forgot", { email, next: talk.next() });
      talk.sent([message], "forgot");
    },
  },

  link: {
    place: "forgot",
    path: "/login/link",
    title: "link",
    button: "send_link",
    lead: ({ words }) => [make("p", { class: "lead" }, words.link_lead)],
    fields: (talk) => [email(talk.words, talk.typed, { autocomplete: "username", enterkeyhint: "send" })],
    after: (talk) => [[talk.way("login", talk.words.back)]],
    async send({ email }, talk, post) {
      const { message } = await post("/login/link", { email, next: talk.next() });
      talk.sent([message], "link");
    },
  },
};

function providers(talk, phrase) {
  const { providers: others } = talk.about;
  if (!others.length) return [];
  const buttons = others.map(({ name, label, logo }) => {
    const kind = logo ? name : "other";
    const words = make("span", {}, fill(phrase, { label }));
    const link = make("a", { class: `provider ${kind}`, part: "provider", href: talk.page(`/login/${name}`) });
    link.append(...(logo ? [drawing(logo)] : []), words);
    link.addEventListener("click", (event) => talk.leave(event, `/login/${name}`));
    return link;
  });
  return [
    make("div", { class: "providers", role: "group", "aria-label": talk.words.elsewhere }, ...buttons),
    make("p", { class: "or" }, make("span", {}, talk.words.or)),
  ];
}
