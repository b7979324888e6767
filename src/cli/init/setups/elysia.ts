import { sessionsModule } from "../sessions-module.ts";
import type { Setup } from "../setup.ts";
import { IN_PRODUCTION } from "./server-files.ts";

const APP = `import { type AnyElysia, Elysia, type ElysiaConfig, t } from "elysia";
import { sessionContext, sessionPlugin } from "sojourn/elysia";
import { sessions } from "./sessions.ts";

/** On Bun as it is; on Node with the adapter for that. */
export function application(config: ElysiaConfig<""> = {}): AnyElysia {
  return new Elysia(config)
    .use(sessionPlugin(sessions))
    .derive(sessionContext(sessions))
    .get("/", async ({ session }) => {
      const visits = await session.update("visits", (n) => n + 1);
      const form = session.userId === undefined ? SIGN_IN : SIGN_OUT;
      return page(\`<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions in Elysia</title>
<p>Hello, \${escaped(session.userId ?? "stranger")}.</p>
<p>Visit \${visits}</p>
\${form}\`);
    })
    .post(
      "/sign-in",
      async ({ session, body }) => {
        // Ask for a password here.
        await session.signIn(body.user);
        return toStart();
      },
      { body: t.Object({ user: t.String() }) },
    )
    .post("/sign-out", async ({ session }) => {
      await session.signOut();
      return toStart();
    });
}

/** On Node what Elysia is told of a text's type is lost. */
function page(html: string): Response {
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}

/** As redirect("/"), which on Node takes no path. */
function toStart(): Response {
  return new Response(null, { status: 303, headers: { location: "/" } });
}

const SIGN_IN = \`<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>\`;
const SIGN_OUT = \`<form method="post" action="/sign-out"><button>Sign out</button></form>\`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => \`&#\${character.charCodeAt(0)};\`);
}
`;

const MOUNT = `app.use(sessionPlugin(sessions)).derive(sessionContext(sessions));
// In handlers: { session }
`;

/** Elysia, on Bun or on Node. */
export const ELYSIA: Setup = {
  name: "elysia",
  title: "Elysia",
  dependency: "elysia",
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
  next: ["Let application() of src/app.ts listen.", IN_PRODUCTION],
  guide: "docs/frameworks.md",
};
