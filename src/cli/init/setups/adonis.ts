import { sessionsModule } from "../sessions-module.ts";
import type { Setup } from "../setup.ts";

const MIDDLEWARE = `import { sessionMiddleware } from "sojourn/adonis";
import { sessions } from "#services/sessions";

export default sessionMiddleware(sessions, { accessor: true });

declare module "@adonisjs/core/http" {
  interface HttpContext {
    session: Awaited<ReturnType<typeof sessions.open>>;
  }
}
`;

const KERNEL = `import router from "@adonisjs/core/services/router";
import server from "@adonisjs/core/services/server";

server.use([() => import("#middleware/sojourn_middleware")]);
router.use([() => import("@adonisjs/core/bodyparser_middleware")]);
`;

const ROUTES = `import router from "@adonisjs/core/services/router";

router.get("/", async ({ session, response }) => {
  const visits = await session.update("visits", (n) => n + 1);
  response.type("html");
  return page(session.userId, visits);
});

router.post("/sign-in", async ({ session, request, response }) => {
  // Ask for a password here.
  await session.signIn(String(request.input("user")));
  response.redirect().status(303).toPath("/");
});

router.post("/sign-out", async ({ session, response }) => {
  await session.signOut();
  response.redirect().status(303).toPath("/");
});

function page(userId: string | undefined, visits: number): string {
  const form = userId === undefined ? SIGN_IN : SIGN_OUT;
  return \`<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions</title>
<p>Hello, \${escaped(userId ?? "stranger")}.</p>
<p>Visit \${visits}</p>
\${form}\`;
}

const SIGN_IN = \`<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>\`;
const SIGN_OUT = \`<form method="post" action="/sign-out"><button>Sign out</button></form>\`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => \`&#\${character.charCodeAt(0)};\`);
}
`;

const USE = `// First of all, as its response is held until the session is stored:
server.use([() => import("#middleware/sojourn_middleware")]);
`;

/** AdonisJS 7. */
export const ADONIS: Setup = {
  name: "adonis",
  title: "AdonisJS",
  dependency: "@adonisjs/core",
  files: (_, store) => [
    {
      path: "app/services/sessions.ts",
      text: sessionsModule(store, "told"),
      addition: { sentence: "Export sessions from it:", text: sessionsModule(store, "told") },
    },
    {
      path: "app/middleware/sojourn_middleware.ts",
      text: MIDDLEWARE,
      addition: { sentence: "Export the middleware from it:", text: MIDDLEWARE },
    },
    {
      path: "start/kernel.ts",
      text: KERNEL,
      addition: { sentence: "Mount the sessions:", text: USE },
    },
    {
      path: "start/routes.ts",
      text: ROUTES,
      addition: { sentence: "Routes that show it, to try the rest with:", text: ROUTES },
    },
  ],
  next: ["Start it as you do, and open the address that it prints."],
  guide: "docs/adonis.md",
};
