import { sessionsModule } from "../sessions-module.ts";
import type { Setup, SetupFile } from "../setup.ts";

const CONFIG = `import { solidStart } from "@solidjs/start/config";
import { nitro } from "nitro/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [solidStart({ middleware: "./src/middleware.ts" }), nitro()],
});
`;

const MIDDLEWARE = `import { createMiddleware } from "@solidjs/start/middleware";
import { sessionMiddleware } from "sojourn/h3";
import { sessions } from "./sessions";

export default createMiddleware([sessionMiddleware(sessions)]);
`;

const OPEN = `import { getRequestEvent } from "solid-js/web";
import { sessions } from "./sessions";

/** The session of the request that is being answered. */
export async function openSession() {
  const event = getRequestEvent();
  if (event === undefined) throw new Error("Only on the server there is a session.");
  return sessions.open(event.request);
}
`;

const HOME = `import { action, createAsync, query, redirect } from "@solidjs/router";
import { Show } from "solid-js";
import { openSession } from "../open-session";

const visit = query(async () => {
  "use server";
  const session = await openSession();
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
}, "visit");

const signIn = action(async (form: FormData) => {
  "use server";
  const session = await openSession();
  // In earnest, after you have checked a password.
  await session.signIn(String(form.get("user")));
  throw redirect("/", { status: 303 });
}, "sign-in");

const signOut = action(async () => {
  "use server";
  const session = await openSession();
  await session.signOut();
  throw redirect("/", { status: 303 });
}, "sign-out");

export default function Home() {
  // Before the first byte, so that a cookie can still be sent.
  const page = createAsync(() => visit(), { deferStream: true });
  return (
    <main>
      <h1>Hello, {page()?.user ?? "stranger"}.</h1>
      <p>Visit {page()?.visits}</p>
      <Show
        when={page()?.user}
        fallback={
          <form method="post" action={signIn}>
            <input name="user" aria-label="Name" placeholder="Name" required />{" "}
            <button type="submit">Sign in</button>
          </form>
        }
      >
        <form method="post" action={signOut}>
          <button type="submit">Sign out</button>
        </form>
      </Show>
    </main>
  );
}
`;

/** SolidStart 2: the middleware of h3, and a page with server functions. */
export const SOLID_START: Setup = {
  name: "solid-start",
  title: "SolidStart",
  dependency: "@solidjs/start",
  foundAfter: ["nitro", "h3"],
  files: (_, store) => [manager(sessionsModule(store, "told")), ...FILES],
  next: ["Run npm run dev, and open the address that it prints."],
  guide: "docs/solid-start.md",
};

function manager(text: string): SetupFile {
  return {
    path: "src/sessions.ts",
    text,
    addition: { sentence: "Export sessions from it:", text },
  };
}

const FILES: readonly SetupFile[] = [
  {
    path: "vite.config.ts",
    text: CONFIG,
    addition: {
      sentence: "SolidStart must be told where its middleware is:",
      text: 'solidStart({ middleware: "./src/middleware.ts" })\n',
    },
  },
  {
    path: "src/middleware.ts",
    text: MIDDLEWARE,
    addition: { sentence: "Mount the sessions, before all others:", text: MIDDLEWARE },
  },
  {
    path: "src/open-session.ts",
    text: OPEN,
    addition: { sentence: "Find the session of a request:", text: OPEN },
  },
  {
    path: "src/routes/index.tsx",
    text: HOME,
    addition: { sentence: "In its place, or as a page of its own:", text: HOME },
  },
];
