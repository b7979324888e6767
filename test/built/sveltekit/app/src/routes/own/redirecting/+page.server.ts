import { redirect } from "@sveltejs/kit";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ request }) => {
  const session = await globalThis.suite.managers[0].open(request);
  session.set("name", "Ada");
  redirect(303, "/own/form");
};
