import { describe, it } from "vitest";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";

type Handler = (request: Request) => Response | Promise<Response>;

const serve: ServeRoutes = (managers, routes) => {
  const respond: Handler = async (request) => {
    const { pathname } = new URL(request.url);
    const route = routes.find(({ path }) => path === pathname);
    if (route === undefined) return new Response(null, { status: 404 });
    const { status, headers, body } = await route.handle({ request });
    return new Response(bodyOf(body), { status, headers });
  };
  const target = managers.reduceRight<Handler>(
    (next, sessions) => (request) => sessions.handle(request, next),
    respond,
  );
  return { target };
};

function bodyOf(body: AdapterAnswer["body"]): ReadableStream<Uint8Array> | string | null {
  return typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
}

describeAdapter("sessions.handle", serve, {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "a web Response has no 1xx before it",
    "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
      "there is no connection",
  },
});
