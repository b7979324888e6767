import { createServer } from "node:http";
import express, { type Request, type Response } from "express";
import express4 from "express4";
import { describe, it } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/express.ts";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { listen, sendByNode } from "./support/server.ts";

/** Registers the suite's routes. Express 4 does not hear of a rejection unless it is told. */
function serveOn(make: typeof express, isRejectionHeard: boolean): ServeRoutes {
  return (managers, routes) => {
    const app = make();
    for (const sessions of managers) app.use(sessionMiddleware(sessions));
    for (const { path, handle } of routes) {
      const respond = async (request: Request, res: Response): Promise<void> => {
        const earlyHints = (link: string): void => res.writeEarlyHints({ link });
        await send(res, await handle({ request, earlyHints }));
      };
      app.all(path, (req, res, next) =>
        isRejectionHeard ? respond(req, res) : void respond(req, res).catch(next),
      );
    }
    return listen(createServer(app));
  };
}

async function send(res: Response, { status, headers, body }: AdapterAnswer): Promise<void> {
  res.status(status);
  for (const [name, value] of headers) res.append(name, value);
  if (typeof body === "string") res.send(body);
  else await sendByNode(res, { status, headers: [], body });
}

describeAdapter("Express 5", serveOn(express, true), { runner: { describe, it } });
// The types of Express 4 are near enough; an application has either.
describeAdapter("Express 4", serveOn(express4 as unknown as typeof express, false), {
  runner: { describe, it },
});
