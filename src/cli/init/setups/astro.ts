import { sessionsModule } from "../sessions-module.ts";
import type { Project, Setup, SetupFile, StoreSetup } from "../setup.ts";

const MIDDLEWARE = `import { sessionMiddleware } from "sojourn/astro";
import { sessions } from "./lib/sessions";

export const onRequest = sessionMiddleware(sessions, { accessor: true });
`;

const TYPES = `declare namespace App {
  interface Locals {
    session: Awaited<ReturnType<typeof import("./lib/sessions").sessions.open>>;
  }
}
`;

const PAGE = `---
export const prerender = false;

const { session } = Astro.locals;
if (Astro.request.method === "POST") {
  const form = await Astro.request.formData();
  const user = form.get("user");
  // Ask for a password here.
  if (typeof user === "string" && user !== "") await session.signIn(user);
  else if (form.has("sign-out")) await session.signOut();
  return Astro.redirect("/", 303);
}
const visits = await session.update("visits", (n) => n + 1);
const user = session.userId;
---

<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Sojourn and Astro</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <h1>Hello, {user ?? "stranger"}.</h1>
    <p>Visit {visits}</p>
    <form method="POST">
      {user === undefined && <input name="user" aria-label="Name" placeholder="Name" required />}{" "}
      {user === undefined ? <button>Sign in</button> : <button name="sign-out">Sign out</button>}
    </form>
  </body>
</html>
`;

function files({ isTypeScript }: Project, store: StoreSetup): readonly SetupFile[] {
  const manager = sessionsModule(store, "told");
  const types: SetupFile = {
    path: "src/env.d.ts",
    text: TYPES,
    addition: { sentence: "Tell App.Locals of the session:", text: TYPES },
  };
  return [
    {
      path: "src/lib/sessions.ts",
      text: manager,
      addition: { sentence: "It is to export the manager:", text: manager },
    },
    {
      path: "src/middleware.ts",
      text: MIDDLEWARE,
      addition: {
        sentence: "Put ours first: sequence(sessionMiddleware(…), yours), from astro:middleware.",
        text: MIDDLEWARE,
      },
    },
    ...(isTypeScript ? [types] : []),
    {
      path: "src/pages/index.astro",
      text: PAGE,
      addition: { sentence: "A page that counts, and signs in and out:", text: PAGE },
    },
  ];
}

/** Astro, where pages are rendered on demand. */
export const ASTRO: Setup = {
  name: "astro",
  title: "Astro",
  dependency: "astro",
  files,
  next: [
    "Pages are to be rendered on demand: `npx astro add node` adds a server where there is none.",
    "Behind a proxy name your host in astro.config: security: { allowedDomains: [{ hostname }] }.",
    "Run `npm run dev`, and open the page: it counts your visits, and signs you in and out.",
  ],
  guide: "docs/astro.md",
};
