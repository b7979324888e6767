import { sessionsModule } from "../sessions-module.ts";
import type { Setup, SetupFile } from "../setup.ts";

const START = `import { createCsrfMiddleware, createMiddleware, createStart } from "@tanstack/react-start";
import { sessionMiddleware } from "sojourn/tanstack-start";
import { sessions } from "./sessions";

const session = createMiddleware().server(sessionMiddleware(sessions));
const csrf = createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === "serverFn" });

export const startInstance = createStart(() => ({ requestMiddleware: [session, csrf] }));
`;

const HOME = `import { createFileRoute, redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { sessions } from "../sessions";

const visit = createServerFn().handler(async () => {
  const session = await sessions.open(getRequest());
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
});

const signIn = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("user")))
  .handler(async ({ data: user }) => {
    const session = await sessions.open(getRequest());
    // In earnest, after you have checked a password.
    await session.signIn(user);
    throw redirect({ to: "/", statusCode: 303 });
  });

const signOut = createServerFn({ method: "POST" }).handler(async () => {
  const session = await sessions.open(getRequest());
  await session.signOut();
  throw redirect({ to: "/", statusCode: 303 });
});

export const Route = createFileRoute("/")({ loader: () => visit(), component: Home });

function Home() {
  const { user, visits } = Route.useLoaderData();
  return (
    <main>
      <h1>Hello, {user ?? "stranger"}.</h1>
      <p>Visit {visits}</p>
      {user === undefined ? (
        <form method="post" encType="multipart/form-data" action={signIn.url}>
          <input name="user" aria-label="Name" placeholder="Name" required />{" "}
          <button type="submit">Sign in</button>
        </form>
      ) : (
        <form method="post" encType="multipart/form-data" action={signOut.url}>
          <button type="submit">Sign out</button>
        </form>
      )}
    </main>
  );
}
`;

/** TanStack Start: a request middleware for all, and a page with server functions. */
export const TANSTACK_START: Setup = {
  name: "tanstack-start",
  title: "TanStack Start",
  dependency: "@tanstack/react-start",
  files: (_, store) => [manager(sessionsModule(store, "told")), ...FILES],
  next: ["Run npm run dev, and open the address that it prints."],
  guide: "docs/tanstack-start.md",
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
    path: "src/start.ts",
    text: START,
    addition: {
      sentence: "Put the sessions in front of its requestMiddleware:",
      text: [
        'import { sessionMiddleware } from "sojourn/tanstack-start";',
        'import { sessions } from "./sessions";',
        "",
        "const session = createMiddleware().server(sessionMiddleware(sessions));",
        "",
      ].join("\n"),
    },
  },
  {
    path: "src/routes/index.tsx",
    text: HOME,
    addition: { sentence: "In its place, or as a page of its own:", text: HOME },
  },
];
