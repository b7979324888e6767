import { unstable_cache } from "next/cache";
import { openSession, withSession } from "../../../lib/ways";
import { whoByDirective } from "./who";

const whoByFunction = unstable_cache(async () => (await openSession()).userId ?? "nobody", ["who"]);

/** What is kept for everybody is asked for in the middle of a visitor's own request. */
export const GET = withSession(async (request: Request) => {
  const how = new URL(request.url).searchParams.get("how");
  const who = how === "directive" ? whoByDirective : whoByFunction;
  const user = await who().catch((error: Error) => `refused: ${error.message}`);
  return Response.json({ user });
});
