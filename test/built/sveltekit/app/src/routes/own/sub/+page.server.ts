import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ request, fetch }) => {
  const session = await globalThis.suite.managers[0].open(request);
  await session.update("visits", (n) => n + 1);
  const answers = await Promise.all([fetch("/own/sub/inner"), fetch("/own/sub/inner")]);
  const ids = await Promise.all(answers.map((answer) => answer.text()));
  return { isOne: ids.every((id) => id === session.id), visits: session.get("visits") };
};
