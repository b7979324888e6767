import type { NextRequest } from "next/server";
import { nextSessions } from "sojourn/next";
import { bodyOf, suiteOf } from "../../lib/suite";

type Handler = (request: NextRequest) => Promise<Response>;

async function respond(request: NextRequest): Promise<Response> {
  const { pathname } = request.nextUrl;
  const route = suiteOf().routes.find(({ path }) => path === pathname);
  if (route === undefined) return new Response(null, { status: 404 });
  const answer = await route.handle({ request });
  // Its `redirect()` answers 307, and its errors are 401, 403 and 404 alone.
  if (answer.by === "error" && answer.status >= 500) throw new Error("An error of the handler");
  return new Response(bodyOf(answer), { status: answer.status, headers: answer.headers });
}

const handle: Handler = (request) =>
  suiteOf().managers.reduceRight<Handler>(
    (next, sessions) => nextSessions(sessions).withSession(next),
    respond,
  )(request);

export { handle as GET, handle as POST };
