const show = (id, isShown) => {
  document.getElementById(id).hidden = !isShown;
};

/** Calls the API through our own back end: with the cookie, and a header that other sites cannot send. */
async function api(path, options = {}) {
  const headers = { "x-notes": "1", ...options.headers };
  const response = await fetch(`/api${path}`, { ...options, headers });
  if (response.status === 401) showWho(null);
  return response;
}

function showWho(user) {
  document.getElementById("who").textContent =
    user === null ? "Nobody is signed in." : `You are ${user}.`;
  show("sign-in", user === null);
  show("sign-out", user !== null);
  show("form", user !== null);
  if (user === null) document.getElementById("notes").replaceChildren();
}

async function showNotes() {
  const response = await api("/notes");
  if (!response.ok) return;
  const { notes } = await response.json();
  const items = notes.map((note) =>
    Object.assign(document.createElement("li"), { textContent: note }),
  );
  document.getElementById("notes").replaceChildren(...items);
}

document.getElementById("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const body = JSON.stringify({ text: new FormData(form).get("text") });
  await api("/notes", { method: "POST", headers: { "content-type": "application/json" }, body });
  form.reset();
  await showNotes();
});

document.getElementById("sign-out").addEventListener("click", async () => {
  const { next } = await (await fetch("/logout", { method: "POST" })).json();
  location.assign(next);
});

const { user } = await (await fetch("/me")).json();
showWho(user);
if (user !== null) await showNotes();
