/** How each pair is called, and where the session lies that its two sides share. */
const PAIRS = [
  { name: "flask", title: "Flask", place: "a signed cookie, flask_session" },
  { name: "django", title: "Django", place: "a row of django_session, on SQLite" },
  { name: "tornado", title: "Tornado", place: "a pickle by pycket, named by the cookie PYCKET_ID" },
  { name: "fastapi", title: "FastAPI", place: "a signed cookie, fastapi_session" },
];

/** More than that no cart holds. */
const ONE_OF_EACH = 6;

const news = document.querySelector(".news");

/** Which requests are under way: their buttons wait. */
let busy = 0;

for (const pair of PAIRS) {
  const element = fromTemplate("pair").querySelector(".pair");
  element.id = pair.name;
  element.querySelector("h2").textContent = `${pair.title} and Sojourn`;
  element.querySelector(".place").textContent = `share ${pair.place}`;
  fill(element.querySelector(".side--python"), pair, { path: `/${pair.name}`, isHere: false });
  fill(element.querySelector(".side--sojourn"), pair, {
    path: `/sojourn/${pair.name}`,
    isHere: true,
  });
  document.querySelector("#pairs").append(element);
}
await lookAgain(PAIRS);

/** Puts what a side has into its place: its name and its buttons. */
function fill(side, pair, { path, isHere }) {
  side.append(fromTemplate("side"));
  side.dataset.path = path;
  side.querySelector("h3").textContent = isHere ? "Sojourn" : pair.title;
  side.querySelector(".language").textContent = isHere ? "TypeScript" : "Python";
  const place = isHere ? `Sojourn, beside ${pair.title}` : pair.title;
  for (const button of side.querySelectorAll("button")) {
    button.addEventListener("click", () => act(button.dataset.do, path, { pair, place }));
  }
  if (isHere) offerToCarry(side, pair);
}

function offerToCarry(side, from) {
  for (const to of PAIRS.filter((pair) => pair !== from)) {
    const button = document.createElement("button");
    button.className = "link";
    button.dataset.carry = to.name;
    button.textContent = to.title;
    button.addEventListener("click", () => carry(from, to));
    side.querySelector(".carry").append(button);
  }
}

async function act(action, path, { pair, place }) {
  const { name, title } = person();
  const did = {
    "sign-in": `${title} signs in at ${place}.`,
    "sign-out": `Signed out at ${place}.`,
    add: `Added to the cart at ${place}.`,
  };
  const target = action === "sign-in" ? `${path}/sign-in/${name}` : `${path}/${action}`;
  await change(target, did[action], [pair]);
}

async function carry(from, to) {
  const said = `Sojourn reads who that is at ${from.title}, and signs the same person in at ${to.title}.`;
  await change(`/sojourn/${from.name}/carry-to/${to.name}`, said, [from, to]);
}

async function change(path, said, pairs) {
  const pressed = document.activeElement;
  setBusy(1);
  const response = await fetch(path, { method: "POST" }).catch(() => undefined);
  news.textContent = response?.ok
    ? said
    : `That did not work: ${path} answers ${response?.status}.`;
  await lookAgain(pairs);
  setBusy(-1);
  // "Sign in" has become "Sign out", and whoever uses the keyboard goes on from there.
  const next = pressed.hidden ? pressed.parentElement.querySelector(":not([hidden])") : pressed;
  next.focus({ preventScroll: true });
}

/** Asks both sides of each pair anew: the page itself remembers nothing. */
async function lookAgain(pairs) {
  await Promise.all(
    pairs.map(async ({ name }) => {
      const pair = document.getElementById(name);
      const sides = [...pair.querySelectorAll(".side")];
      const held = [];
      for (const side of sides) held.push(await ask(side.dataset.path));
      for (const [index, side] of sides.entries()) show(side, held[index]);
      judge(pair, held);
    }),
  );
}

/** What a side holds, or `undefined` where it does not answer. */
async function ask(path) {
  const response = await fetch(`${path}/`, { cache: "no-store" }).catch(() => undefined);
  return response?.ok ? response.json() : undefined;
}

function show(side, held) {
  const { user = null, cart = [] } = held ?? {};
  const line = side.querySelector(".user");
  line.textContent = held === undefined ? "does not answer" : (user && capital(user)) || "nobody";
  side.classList.toggle("is-signed-in", user !== null);
  const lines = cart.length > 0 ? cart.map(lineOf) : [empty()];
  side.querySelector(".cart").replaceChildren(...(held === undefined ? [] : lines));
  side.querySelector("[data-do=add]").hidden = cart.length === ONE_OF_EACH;
  side.querySelector("[data-do=sign-in]").hidden = user !== null;
  side.querySelector("[data-do=sign-out]").hidden = user === null;
  const carrying = side.querySelector(".carry");
  carrying.hidden = user === null || carrying.querySelector("button") === null;
}

/** A thing, in the colour of the side that put it there. */
function lineOf({ thing, by }) {
  const line = document.createElement("li");
  line.className = by === "Sojourn" ? "by-sojourn" : "by-python";
  line.append(thing);
  const who = document.createElement("small");
  who.textContent = `by ${by}`;
  line.append(" ", who);
  return line;
}

function empty() {
  const line = document.createElement("li");
  line.className = "nothing";
  line.textContent = "The cart is empty.";
  return line;
}

function judge(pair, [python, sojourn]) {
  const agrees = python !== undefined && inWords(python) === inWords(sojourn);
  pair.dataset.agrees = String(agrees);
  pair.querySelector(".word").textContent = agrees ? "agree" : "differ";
  document.querySelector(`[data-spoke=${pair.id}]`).dataset.agrees = String(agrees);
  const seat = document.querySelector(`[data-seat=${pair.id}]`);
  seat.classList.toggle("is-taken", Boolean(python?.user));
}

/** The order of the keys is no difference. */
function inWords(held) {
  return held && JSON.stringify([held.user, held.cart.map(({ thing, by }) => [thing, by])]);
}

function person() {
  const { value } = document.querySelector("[name=person]:checked");
  return { name: value, title: capital(value) };
}

function capital(name) {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function setBusy(by) {
  busy += by;
  for (const button of document.querySelectorAll("button")) button.disabled = busy > 0;
}

function fromTemplate(id) {
  return document.getElementById(id).content.cloneNode(true);
}
