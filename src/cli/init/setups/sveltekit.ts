import { sessionsModule } from "../sessions-module.ts";
import type { Project, Setup, SetupFile, StoreSetup } from "../setup.ts";

const HOOKS = `import { sessionHandle } from "sojourn/sveltekit";
import { sessions } from "./lib/server/sessions";

export const handle = sessionHandle(sessions, { accessor: true });
`;

const TYPES = `declare global {
  namespace App {
    interface Locals {
      session: Awaited<ReturnType<typeof import("./lib/server/sessions").sessions.open>>;
    }
  }
}

export {};
`;

const SERVER = `import { fail, redirect } from "@sveltejs/kit";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals: { session } }) => {
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
};

export const actions: Actions = {
  signIn: async ({ locals: { session }, request }) => {
    const user = (await request.formData()).get("user");
    // Ask for a password here.
    if (typeof user !== "string" || user === "") return fail(422);
    await session.signIn(user);
    redirect(303, "/");
  },

  signOut: async ({ locals: { session } }) => {
    await session.signOut();
    redirect(303, "/");
  },
};
`;

const PAGE = `<script>
  const { data } = $props();
</script>

<h1>Hello, {data.user ?? "stranger"}.</h1>
<p>Visit {data.visits}</p>

{#if data.user === undefined}
  <form method="POST" action="?/signIn">
    <input name="user" aria-label="User" required />
    <button>Sign in</button>
  </form>
{:else}
  <form method="POST" action="?/signOut">
    <button>Sign out</button>
  </form>
{/if}
`;

function files(project: Project, store: StoreSetup): readonly SetupFile[] {
  const manager = sessionsModule(store, "told");
  const all: SetupFile[] = [
    {
      path: "src/lib/server/sessions.ts",
      text: manager,
      addition: { sentence: "It is to export the manager:", text: manager },
    },
    {
      path: "src/hooks.server.ts",
      text: HOOKS,
      addition: {
        sentence: "Put ours first: sequence(sessionHandle(…), yours), from @sveltejs/kit/hooks.",
        text: HOOKS,
      },
    },
    {
      path: "src/routes/+page.server.ts",
      text: SERVER,
      addition: { sentence: "Load and actions find the session in locals:", text: SERVER },
    },
    {
      path: "src/routes/+page.svelte",
      text: PAGE,
      addition: { sentence: "A page that shows it, and signs in and out:", text: PAGE },
    },
  ];
  const types: SetupFile = {
    path: "src/app.d.ts",
    text: TYPES,
    addition: { sentence: "Tell App.Locals of the session:", text: TYPES },
  };
  return project.isTypeScript ? [...all.slice(0, 2), types, ...all.slice(2)] : all;
}

/** SvelteKit 2 and 3. */
export const SVELTEKIT: Setup = {
  name: "sveltekit",
  title: "SvelteKit",
  dependency: "@sveltejs/kit",
  files,
  next: ["Run `npm run dev`, and open the page: it counts your visits, and signs you in and out."],
  guide: "docs/sveltekit.md",
};
