import type { Setup, StoreSetup } from "../setup.ts";

/** Next.js, with the App Router. */
export const NEXT: Setup = {
  name: "next",
  title: "Next.js",
  dependency: "next",
  files: ({ hasFile }, store) => {
    const inSource = hasFile("src/app") ? "src/" : "";
    return [
      {
        path: `${inSource}lib/sessions.ts`,
        text: sessionsFile(store),
        addition: { sentence: "Wrap the manager there:", text: sessionsFile(store) },
      },
      {
        path: `${inSource}app/actions.ts`,
        text: ACTIONS,
        addition: { sentence: "Add the actions that sign in and out:", text: ACTIONS },
      },
      {
        path: `${inSource}app/page.tsx`,
        text: PAGE,
        addition: { sentence: "Open the session in the page, and call the actions:", text: PAGE },
      },
    ];
  },
  next: [
    "npx next dev, and open http://localhost:3000.",
    "Behind a proxy that ends TLS: npx next start -H 127.0.0.1, so that nothing else reaches it.",
  ],
  guide: "docs/next.md",
};

function sessionsFile({ imports, statements, expression }: StoreSetup): string {
  const own = [
    'import { createSessions } from "sojourn";',
    'import { nextSessions } from "sojourn/next";',
  ];
  const drivers = imports.filter((line) => !line.includes('"sojourn'));
  const stores = imports.filter((line) => line.includes('"sojourn'));
  const before = statements.length === 0 ? [] : [...statements, ""];
  return [
    ...drivers,
    ...own,
    ...stores,
    "",
    ...before,
    "export const { sessions, openSession, withSession } = nextSessions(() =>",
    "  createSessions<{ visits: number }>({",
    `    store: ${expression},`,
    "    defaults: { visits: 0 },",
    "    // Right where nothing but your proxy, which ends TLS, can reach `next start`.",
    '    trustProxy: "all",',
    "  }),",
    ");",
    "",
  ].join("\n");
}

const ACTIONS = `"use server";

import { redirect } from "next/navigation";
import { openSession, withSession } from "../lib/sessions";

export const count = withSession(async () => {
  const session = await openSession();
  await session.update("visits", (n) => n + 1);
  redirect("/");
});

export const signIn = withSession(async (form: FormData) => {
  const session = await openSession();
  // In your project: after you have checked the password.
  await session.signIn(String(form.get("user")));
  redirect("/");
});

export const signOut = withSession(async () => {
  const session = await openSession();
  await session.signOut();
  redirect("/");
});
`;

const PAGE = `import { openSession } from "../lib/sessions";
import { count, signIn, signOut } from "./actions";

export default async function Page() {
  const session = await openSession();
  return (
    <main>
      <h1>{\`Hello, \${session.userId ?? "stranger"}.\`}</h1>
      <p>{\`Visit \${session.get("visits")}\`}</p>
      <form action={count}>
        <button type="submit">Count</button>
      </form>
      {session.userId === undefined ? (
        <form action={signIn}>
          <input name="user" aria-label="Name" required />
          <button type="submit">Sign in</button>
        </form>
      ) : (
        <form action={signOut}>
          <button type="submit">Sign out</button>
        </form>
      )}
    </main>
  );
}
`;
