import { sessionsModule } from "../sessions-module.ts";
import type { Setup } from "../setup.ts";

const CONFIG = `import { defineConfig } from "nitro";

export default defineConfig({ serverDir: "./server", compatibilityDate: "2026-11-01" });
`;

const MIDDLEWARE = `import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "../utils/sessions.ts";

export default sessionMiddleware(sessions);
`;

const PAGE = `import { defineHandler } from "nitro";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  const { userId = "stranger" } = session;
  const name = userId.replace(/[&<>"']/g, (sign) => \`&#\${sign.charCodeAt(0)};\`);
  const form = session.userId
    ? '<form method="post" action="/sign-out"><button>Sign out</button></form>'
    : '<form method="post" action="/sign-in"><input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button></form>';
  event.res.headers.set("Content-Type", "text/html; charset=utf-8");
  return \`<!doctype html><title>Sessions</title><p>Hello, \${name}.<p>Visit \${visits}\${form}\`;
});
`;

const SIGN_IN = `import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  const user = (await event.req.formData()).get("user");
  // Check the password here.
  if (typeof user === "string" && user) await (await sessions.open(event)).signIn(user);
  return redirect("/", 303);
});
`;

const SIGN_OUT = `import { defineHandler } from "nitro";
import { redirect } from "nitro/h3";
import { sessions } from "../utils/sessions.ts";

export default defineHandler(async (event) => {
  await (await sessions.open(event)).signOut();
  return redirect("/", 303);
});
`;

/** Nitro 3. */
export const NITRO: Setup = {
  name: "nitro",
  title: "Nitro",
  dependency: "nitro",
  foundAfter: ["h3"],
  files: (_, store) => [
    {
      path: "nitro.config.ts",
      text: CONFIG,
      addition: { sentence: "Its server's folder must be named:", text: CONFIG },
    },
    {
      path: "server/utils/sessions.ts",
      text: sessionsModule(store, "untold"),
      addition: { sentence: "It must export the manager:", text: sessionsModule(store, "untold") },
    },
    {
      path: "server/middleware/00.sessions.ts",
      text: MIDDLEWARE,
      addition: { sentence: "Mount the sessions, before all others:", text: MIDDLEWARE },
    },
    {
      path: "server/routes/index.ts",
      text: PAGE,
      addition: { sentence: "A page that shows it, to try the rest with:", text: PAGE },
    },
    {
      path: "server/routes/sign-in.post.ts",
      text: SIGN_IN,
      addition: { sentence: "Sign in where the password was right:", text: SIGN_IN },
    },
    {
      path: "server/routes/sign-out.post.ts",
      text: SIGN_OUT,
      addition: { sentence: "Sign out:", text: SIGN_OUT },
    },
  ],
  next: [
    "NODE_ENV=development npx nitro dev",
    "Open http://localhost:3000/: it counts your visits, and signs you in.",
  ],
  guide: "docs/nitro.md",
};
