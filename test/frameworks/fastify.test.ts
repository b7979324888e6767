import { Readable } from "node:stream";
import Fastify, { type FastifyReply } from "fastify";
import { beforeAll, describe, it, vi } from "vitest";
import { attach, holdReply, nodeExchange, plainAnswer } from "../../src/frameworks/adapter.ts";
import { type AdapterAnswer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";

/** As docs/own.md shows it, and with an error page of its own. */
const serve: ServeRoutes = async (managers, routes) => {
  const app = Fastify();
  for (const sessions of managers) {
    app.addHook("onRequest", async ({ raw: req }, { raw: res }) => {
      const fail = (error: unknown): void => {
        const { status, body } = plainAnswer(error);
        res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(body);
      };
      attach(sessions, nodeExchange(req, res), [req], (visit) =>
        holdReply(res, visit, { fail, plainAnswer }),
      );
    });
  }
  for (const { path, handle } of routes) {
    app.all(path, async (request, reply) => {
      const earlyHints = (link: string): void => reply.raw.writeEarlyHints({ link });
      return send(reply, await handle({ request: request.raw, earlyHints }));
    });
  }
  const target = await app.listen({ port: 0, host: "127.0.0.1" });
  return { target, close: () => app.close() };
};

function send(reply: FastifyReply, { status, headers, body }: AdapterAnswer): FastifyReply {
  for (const [name, value] of headers) reply.header(name, value);
  return reply.code(status).send(typeof body === "object" ? Readable.from(body) : body);
}

beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter("Fastify", serve, { runner: { describe, it } });
