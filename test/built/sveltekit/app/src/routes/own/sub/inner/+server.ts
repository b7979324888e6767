import { type RequestHandler, text } from "@sveltejs/kit";

export const GET: RequestHandler = async ({ request }) => {
  const session = await globalThis.suite.managers[0].open(request);
  await session.update("visits", (n) => n + 1);
  return text(session.id ?? "none");
};
