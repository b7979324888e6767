import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { beforeAll, describe, it, vi } from "vitest";
import { bearer } from "../../src/cookies/bearer/index.ts";
import type { Sessions } from "../../src/core/sessions.ts";
import type { SessionOptions } from "../../src/create-sessions.ts";
import { type NodeNext, sessionMiddleware } from "../../src/frameworks/node.ts";
import { Stage } from "../../src/testing/adapter/stage.ts";
import { describeStages } from "../../src/testing/adapter.ts";
import type { AdapterData, AdapterServer, ServeRoutes } from "../../src/testing/index.ts";
import { listen, pathOf, sendByNode } from "../frameworks/support/server.ts";
import { bridged } from "./support/cookie-bridge.ts";

const serve: ServeRoutes = (managers, routes): Promise<AdapterServer> => {
  const mounted = managers.map((sessions) => sessionMiddleware(sessions));
  const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const route = routes.find(({ path }) => path === pathOf(req));
    const earlyHints = (link: string): void => res.writeEarlyHints({ link });
    if (route !== undefined)
      await sendByNode(res, await route.handle({ request: req, earlyHints }));
  };
  const server = createServer((req, res) => {
    const handle = mounted.reduceRight<NodeNext>(
      (next, middleware) => () => middleware(req, res, next),
      () => respond(req, res),
    );
    void handle();
  });
  return listen(server);
};

class BearerStage extends Stage {
  override manager(options: SessionOptions = {}): Sessions<AdapterData> {
    const { cookie: _, ...rest } = options;
    return super.manager({ ...rest, transport: bearer() });
  }
}

const VARY = "it varies with Authorization, see bearer.test.ts";
const LIFETIME = "whoever keeps a token is told no lifetime";
const NONE = "there is no cookie";
const MEANT = "no other site's page can have the token's header sent, see bearer.test.ts";

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeStages("node:http, by bearer tokens,", () => new BearerStage(bridged(serve)), {
  runner: { describe, it },
  deviations: {
    "reading: tells caches that what read a session varies with the cookie": VARY,
    "reading: adds to the application's Vary, once": VARY,
    "writing: remembers a visitor who asks for it": LIFETIME,
    "times and names of its own: gives a sign-in a lifetime of its own, and its cookie no longer one":
      LIFETIME,
    "signing in and out: expires the cookie by /sign-out with the attributes it was sent with":
      NONE,
    "signing in and out: expires the cookie by /destroy with the attributes it was sent with": NONE,
    "streaming: lets early hints pass while the first byte waits":
      "they need a socket of their own",
    "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
      "they need a socket of their own",
    "mounting: keeps two managers apart that are mounted together":
      "each needs a header of its own, see bearer.test.ts",
    "pages of other sites: answers 403 to what another site's page posts, and asks the store nothing":
      MEANT,
    "pages of other sites: opens the session where the route allows it, and for nobody else": MEANT,
    "a hand-off: takes no verifier from a page of another site": MEANT,
  },
});
