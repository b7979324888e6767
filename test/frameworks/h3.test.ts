import {
  H3,
  type H3Event,
  HTTPError,
  HTTPResponse,
  serve as listen,
  redirect,
  writeEarlyHints,
} from "h3";
import { beforeAll, describe, it, vi } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/h3.ts";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";

const EARLY_HINTS = "streaming: lets early hints pass while the first byte waits";
const LOST_HEAD = "srvx lets go of a head that it has not flushed where the body breaks at once";

function application(...[managers, routes]: Parameters<ServeRoutes>): H3 {
  const app = new H3();
  for (const sessions of managers) app.use(sessionMiddleware(sessions));
  for (const { path, isMounted, handle } of routes) {
    const handler = async (event: H3Event): Promise<HTTPResponse> => {
      const earlyHints = (link: string): Promise<void> | void => writeEarlyHints(event, { link });
      return respond(await handle({ request: event, aliases: [event.req], earlyHints }));
    };
    if (isMounted) app.mount("/mounted", new H3().all(path.slice("/mounted".length), handler));
    else app.all(path, handler);
  }
  return app;
}

function respond({ status, headers, body, by }: AdapterAnswer): HTTPResponse {
  if (by === "redirect") return redirect(new Headers(headers).get("location") ?? "", status);
  if (by === "error") throw HTTPError.status(status, "h3's own");
  return new HTTPResponse(bodyOf(body), { status, headers });
}

function bodyOf(body: AdapterAnswer["body"]): ReadableStream<Uint8Array> | string | null {
  return typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter(
  "h3 by app.fetch",
  (managers, routes) => ({ target: application(managers, routes).fetch }),
  {
    runner: { describe, it },
    deviations: {
      [EARLY_HINTS]: "a web Response has no 1xx before it",
      "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
        "there is no connection",
    },
  },
);

describeAdapter(
  "h3 on Node",
  async (managers, routes) => {
    const server = listen(application(managers, routes), {
      port: 0,
      hostname: "127.0.0.1",
      silent: true,
    });
    await server.ready();
    return { target: server.url ?? "", close: () => server.close(true) };
  },
  {
    runner: { describe, it },
    deviations: {
      // Tested in h3-ways.test.ts.
      "reporting: reports a response that breaks off": LOST_HEAD,
      "streaming: cuts the response where what changed after the first byte is lost": LOST_HEAD,
    },
  },
);
