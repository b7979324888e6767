import express from "express";
import { sessionMiddleware } from "sojourn/express";
import { sessions } from "./sessions.ts";

const app = express();
app.use(sessionMiddleware(sessions), express.urlencoded());

app.get("/", async (req, res) => {
  const session = await sessions.open(req);
  const visits = await session.update("visits", (n) => n + 1);
  res.send(page(session.userId, visits));
});

app.post("/sign-in", async (req, res) => {
  const session = await sessions.open(req);
  // Ask for a password here.
  await session.signIn(String(req.body.user));
  res.redirect(303, "/");
});

app.post("/sign-out", async (req, res) => {
  const session = await sessions.open(req);
  await session.signOut();
  res.redirect(303, "/");
});

app.listen(Number(process.env["PORT"] ?? 3000));

function page(userId: string | undefined, visits: number): string {
  const form = userId === undefined ? SIGN_IN : SIGN_OUT;
  return `<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions</title>
<p>Hello, ${escaped(userId ?? "stranger")}.</p>
<p>Visit ${visits}</p>
${form}`;
}

const SIGN_IN = `<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>`;
const SIGN_OUT = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
