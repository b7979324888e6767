import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ request }) => {
  const session = await globalThis.suite.managers[0].open(request);
  await session.signIn("ada");
  session.set("name", "lost");
  throw new Error("A slip of the application");
};
