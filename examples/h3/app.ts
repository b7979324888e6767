import { H3, redirect, serve } from "h3";
import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "./sessions.ts";

const app = new H3().use(sessionMiddleware(sessions));

app.get("/", async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  event.res.headers.set("Content-Type", "text/html; charset=utf-8");
  return page(session.userId, visits);
});

app.post("/sign-in", async (event) => {
  const session = await sessions.open(event);
  const form = await event.req.formData();
  // Ask for a password here.
  await session.signIn(String(form.get("user")));
  return redirect("/", 303);
});

app.post("/sign-out", async (event) => {
  const session = await sessions.open(event);
  await session.signOut();
  return redirect("/", 303);
});

serve(app, { port: Number(process.env["PORT"] ?? 3000) });

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
