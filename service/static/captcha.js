/* Brings the answer of a captcha without a box along with its form: ALTCHA's is worked out here, beginning with the
   reader's first touch of the form; reCAPTCHA's is asked for when the form is sent. */
"use strict";
{
  const box = document.querySelector("[data-captcha]");
  const { captcha: kind, siteKey, place, challenge, worker } = box.dataset;
  const answer = box.querySelector("input");
  const status = box.querySelector("[role=status]");
  const form = box.closest("form");
  const say = (tone, words) => Object.assign(status, { className: tone, textContent: words });
  const goodFor = kind === "altcha" ? 15 * 60_000 : 0;

  const solve = async () => {
    const response = await fetch(challenge, { credentials: "omit" });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const task = await response.json();
    const solver = new Worker(worker);
    try {
      const solution = await new Promise((resolve, reject) => {
        solver.onmessage = ({ data }) => (data?.derivedKey ? resolve(data) : reject(data?.error));
        solver.onerror = reject;
        solver.postMessage({ type: "work", challenge: task });
      });
      return btoa(JSON.stringify({ challenge: task, solution }));
    } finally {
      solver.terminate();
    }
  };

  const askGoogle = () =>
    new Promise((resolve, reject) => {
      const api = kind === "recaptcha_enterprise" ? grecaptcha.enterprise : grecaptcha;
      api.ready(() => api.execute(siteKey, { action: place }).then(resolve, reject));
    });

  let work, begunAt;
  const begin = () => {
    if (!work || performance.now() - begunAt > goodFor) {
      begunAt = performance.now();
      const ours = (kind === "altcha" ? solve : askGoogle)();
      ours.catch(() => { if (work === ours) work = undefined; });
      work = ours;
    }
    return work;
  };

  /* An answer counts once: whoever sends the form again, or comes back to it, needs another. */
  const forget = () => {
    answer.value = "";
    say("hint", "");
    work = undefined;
    busy = false;
  };

  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (answer.value && !busy) {
      busy = true;
      setTimeout(forget, 5000);
      return;
    }
    event.preventDefault();
    if (busy) return;
    busy = true;
    say("hint", box.dataset.working);
    try {
      answer.value = await begin();
      /* While the event is still being told, a form ignores that it is to be sent. */
      setTimeout(() => form.requestSubmit(event.submitter));
    } catch {
      say("error", box.dataset.failed);
    }
    busy = false;
  });

  if (kind === "altcha") form.addEventListener("focusin", () => begin().catch(() => {}), { once: true });

  addEventListener("pageshow", ({ persisted }) => persisted && forget());
}
