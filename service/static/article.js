// The demo article's own script: what a page of the site does with who is signed in.

const at = (id) => document.getElementById(id);

async function readOn() {
  const answer = await fetch("/forward-auth"); // in production a proxy asks this, not the page
  if (!answer.ok) return;
  const text = await (await fetch("/dev/article/rest")).text();
  const paragraphs = text.trim().split("\n\n").map((words) => Object.assign(document.createElement("p"), { textContent: words }));
  at("rest").replaceChildren(...paragraphs);
  at("rest").hidden = false;
  at("wall").hidden = true;
}

function show(found) {
  const signedIn = found !== null;
  at("comment").hidden = at("newsletter").hidden = !signedIn;
  for (const element of document.querySelectorAll("[data-out]")) element.hidden = signedIn;
  at("who").textContent = found?.user.name ?? found?.user.email ?? "";
  at("subscribed").textContent = "";
  if (signedIn) return readOn();
  at("rest").hidden = true;
  at("wall").hidden = false;
}

at("comment").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = document.createElement("p");
  line.append(Object.assign(document.createElement("strong"), { textContent: at("who").textContent }), " ", at("words").value);
  const item = document.createElement("li");
  item.append(line);
  at("comments").append(item);
  event.target.reset();
});

at("newsletter").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/api/v1/me", {
    method: "PATCH",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ newsletter: true }),
  });
  at("subscribed").textContent = answer.ok ? "You are on the list." : "That did not work. Try again.";
});

document.addEventListener("masthead:signedin", ({ detail }) => show(detail));
document.addEventListener("masthead:signedout", () => show(null));
await customElements.whenDefined("masthead-dialog");
show(await masthead.session());
