/* Brings the answer of a captcha without a box along with its form: ALTCHA's is worked out here, beginning with the
   reader's first touch of the form; reCAPTCHA's is asked for when the form is sent. */
"use strict";
{
  const box = document.querySelector("[data-captcha]");
  const { captcha: kind, siteKey, place, challenge, worker } = box.dataset;
  const answer = box.querySelector("input");
  const status = box.querySelector("[role=status]");
  const form = box.closest("form");
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

  let sending = false;
  form.addEventListener("submit", async (event) => {
    if (answer.value) return;
    event.preventDefault();
    if (sending) return;
    sending = true;
    status.textContent = box.dataset.working;
    try {
      answer.value = await begin();
      form.requestSubmit(event.submitter);
    } catch {
      status.textContent = box.dataset.failed;
    } finally {
      sending = false;
    }
  });

  if (kind === "altcha") form.addEventListener("focusin", () => begin().catch(() => {}), { once: true });

  /* An answer counts once: whoever comes back to the page needs another. */
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    answer.value = status.textContent = "";
    work = undefined;
  });
}
