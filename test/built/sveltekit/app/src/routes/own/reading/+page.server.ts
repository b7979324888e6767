import { getRequestEvent } from "$app/server";
import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals }) => {
  const visits: number = await locals.session.update("visits", (n) => n + 1);
  return { visits, isSame: getRequestEvent().locals.session === locals.session };
};
