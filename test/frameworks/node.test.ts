import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { beforeAll, describe, it, vi } from "vitest";
import { type NodeNext, sessionMiddleware } from "../../src/frameworks/node.ts";
import { type AdapterServer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { listen, pathOf, sendByNode } from "./support/server.ts";

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

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter("node:http", serve, { runner: { describe, it } });
