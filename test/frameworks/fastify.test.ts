import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { beforeAll, describe, it, vi } from "vitest";
import { sessionPlugin } from "../../src/frameworks/fastify.ts";
import {
  type AdapterAnswer,
  type AdapterServer,
  describeAdapter,
  type ServeRoutes,
} from "../../src/testing/index.ts";
import { sendByFastify } from "./support/fastify.ts";
import { sendByNode } from "./support/server.ts";

type Send = (reply: FastifyReply, answer: AdapterAnswer) => unknown;

const serveBy =
  (send: Send, options: FastifyServerOptions = {}): ServeRoutes =>
  async (managers, routes) => {
    const app = Fastify(options);
    for (const sessions of managers) await app.register(sessionPlugin(sessions));
    for (const { path, isMounted, handle } of routes) {
      const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
        // The reply is a promise of its end, which nobody is to wait for here.
        const earlyHints = (link: string): void => void reply.writeEarlyHints({ link });
        const aliases = [request.raw];
        return send(reply, await handle({ request, aliases, earlyHints }));
      };
      const [prefix, rest] = isMounted ? ["/mounted", path.slice("/mounted".length)] : ["", path];
      app.register(async (scope) => void scope.all(rest, handler), { prefix });
    }
    return listening(app);
  };

async function listening(app: FastifyInstance): Promise<AdapterServer> {
  const target = await app.listen({ port: 0, host: "127.0.0.1" });
  return { target, close: () => app.close() };
}

/** What Fastify's `onSend` never sees. */
async function sendRaw(reply: FastifyReply, answer: AdapterAnswer): Promise<FastifyReply> {
  await sendByNode(reply.hijack().raw, answer).catch(() => undefined);
  return reply;
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

const runner = { describe, it };
const logger = { level: "info", stream: { write: () => undefined } };

describeAdapter("Fastify", serveBy(sendByFastify), { runner });
describeAdapter("Fastify with a logger", serveBy(sendByFastify, { logger }), { runner });
describeAdapter("Fastify whose replies are hijacked", serveBy(sendRaw), { runner });
