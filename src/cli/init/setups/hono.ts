import { sessionsModule } from "../sessions-module.ts";
import type { Setup } from "../setup.ts";
import { IN_PRODUCTION } from "./server-files.ts";

const APP = `import { Hono } from "hono";
import { html } from "hono/html";
import { sessionMiddleware } from "sojourn/hono";
import { sessions } from "./sessions.ts";

export const app = new Hono()
  .use(sessionMiddleware(sessions, { accessor: true }))
  .get("/", async (c) => {
    const { session } = c.var;
    const visits = await session.update("visits", (n) => n + 1);
    const form = session.userId === undefined ? SIGN_IN : SIGN_OUT;
    return c.html(html\`<!doctype html>
      <meta name="viewport" content="width=device-width">
      <title>Sessions in Hono</title>
      <p>Hello, \${session.userId ?? "stranger"}.</p>
      <p>Visit \${visits}</p>
      \${form}\`);
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

const SIGN_IN = html\`<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required /> <button>Sign in</button>
</form>\`;
const SIGN_OUT = html\`<form method="post" action="/sign-out"><button>Sign out</button></form>\`;
`;

const MOUNT = `app.use(sessionMiddleware(sessions, { accessor: true }));
// In handlers: c.var.session
`;

/** Hono, by its server for Node. */
export const HONO: Setup = {
  name: "hono",
  title: "Hono",
  dependency: "hono",
  files: (_project, store) => {
    const text = sessionsModule(store, "untold");
    return [
      {
        path: "src/sessions.ts",
        text,
        addition: { sentence: "Make the manager in it, and export it:", text },
      },
      {
        path: "src/app.ts",
        text: APP,
        addition: { sentence: "Mount the sessions before the routes:", text: MOUNT },
      },
    ];
  },
  next: ["Serve app.fetch from src/app.ts, as you serve your application.", IN_PRODUCTION],
  guide: "docs/frameworks.md",
};
