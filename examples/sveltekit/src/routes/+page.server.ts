import { fail, redirect } from "@sveltejs/kit";
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
