import { sessionsModule } from "../sessions-module.ts";
import type { Setup } from "../setup.ts";

const PLUGIN = `import { sessionPlugin } from "sojourn/nuxt";

export default defineNitroPlugin(sessionPlugin(sessions));
`;

const VISIT = `export default defineEventHandler(async (event) => {
  const session = await sessions.open(event);
  const visits = await session.update("visits", (n) => n + 1);
  return { visits, user: session.userId };
});
`;

const SIGN_IN = `export default defineEventHandler(async (event) => {
  const { user } = await readBody<{ user?: string }>(event);
  // Check the password here.
  if (user) await (await sessions.open(event)).signIn(user);
  return sendRedirect(event, "/", 303);
});
`;

const SIGN_OUT = `export default defineEventHandler(async (event) => {
  await (await sessions.open(event)).signOut();
  return sendRedirect(event, "/", 303);
});
`;

const PAGE = `<script setup>
const { data } = await useFetch("/api/visit");
</script>

<template>
  <main>
    <p>Hello, {{ data?.user ?? "stranger" }}.</p>
    <p>Visit {{ data?.visits }}</p>
    <form v-if="data?.user" method="post" action="/sign-out">
      <button>Sign out</button>
    </form>
    <form v-else method="post" action="/sign-in">
      <input name="user" aria-label="User" required />
      <button>Sign in</button>
    </form>
  </main>
</template>
`;

/** Nuxt 4. */
export const NUXT: Setup = {
  name: "nuxt",
  title: "Nuxt",
  dependency: "nuxt",
  files: (_, store) => [
    {
      path: "server/utils/sessions.ts",
      text: sessionsModule(store, "told"),
      addition: { sentence: "It must export the manager:", text: sessionsModule(store, "told") },
    },
    {
      path: "server/plugins/sessions.ts",
      text: PLUGIN,
      addition: { sentence: "Mount the sessions:", text: PLUGIN },
    },
    {
      path: "server/api/visit.ts",
      text: VISIT,
      addition: { sentence: "A session in a handler looks like this:", text: VISIT },
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
    {
      path: "app/app.vue",
      text: PAGE,
      addition: { sentence: "A page that shows it, to try the rest with:", text: PAGE },
    },
  ],
  next: ["npx nuxt dev", "Open http://localhost:3000/: it counts your visits, and signs you in."],
  guide: "docs/nuxt.md",
};
