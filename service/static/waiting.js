// Shows that a form is on its way, and sends it once, however often its button is pressed.

const PATIENCE = 10_000; // milliseconds after which a reader may send again what was stopped on its way

const settle = (form) => {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
};

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return; // a captcha sends it again when it has its answer
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(settle, PATIENCE, form);
});

// Back from the next page, by the browser's memory of this one.
addEventListener("pageshow", ({ persisted }) => persisted && document.querySelectorAll("form").forEach(settle));
