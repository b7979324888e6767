import type { PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ request, url }) => {
  const sessions = globalThis.suite.managers[0];
  if (!url.searchParams.has("late")) await sessions.open(request);
  const later = async (): Promise<string> => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const session = await sessions.open(request);
    const before = session.get("visits");
    session.set("name", "streamed");
    return `visits were ${before}`;
  };
  return { later: later() };
};
