import { Hono } from "hono";
import { html } from "hono/html";
import { sessionMiddleware } from "sojourn/hono";
import { sessions } from "./sessions.ts";

export const app = new Hono()
  .use(sessionMiddleware(sessions, { accessor: true }))
  .get("/", async (c) => {
    const { session } = c.var;
    const visits = await session.update("visits", (n) => n + 1);
    const form = session.userId === undefined ? SIGN_IN : SIGN_OUT;
    return c.html(html`<!doctype html>
      <meta name="viewport" content="width=device-width">
      <title>Sessions in Hono</title>
      <p>Hello, ${session.userId ?? "stranger"}.</p>
      <p>Visit ${visits}</p>
      ${form}`);
  })
  .post("/sign-in", async (c) => {
    const { user } = await c.req.parseBody();
    // Ask for a password here.
    await c.var.session.signIn(String(user));
    return c.redirect("/", 303);
  })
  .post("/sign-out", async (c) => {
    await c.var.session.signOut();
    return c.redirect("/", 303);
  });

const SIGN_IN = html`<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required /> <button>Sign in</button>
</form>`;
const SIGN_OUT = html`<form method="post" action="/sign-out"><button>Sign out</button></form>`;
