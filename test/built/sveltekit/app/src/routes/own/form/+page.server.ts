import { fail, redirect } from "@sveltejs/kit";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ request }) => {
  const session = await globalThis.suite.managers[0].open(request);
  return { user: session.userId ?? "nobody", name: session.get("name") };
};

export const actions: Actions = {
  signIn: async ({ request }) => {
    const session = await globalThis.suite.managers[0].open(request);
    session.set("name", "Ada");
    await session.signIn("ada");
    redirect(303, "/own/form");
  },
  refuse: async ({ request }) => {
    const session = await globalThis.suite.managers[0].open(request);
    session.set("name", "Grace");
    return fail(422, { missing: true });
  },
};
