import Fastify from "fastify";
import { answer } from "./contract.js";
import { HOST, PORT } from "./node.js";

/** An application in Fastify; `register` adds the plugins. */
export async function serveFastify(face, register) {
  const app = Fastify();
  await register(app);
  app.route({
    method: ["GET", "POST"],
    url: "/*",
    async handler(request, reply) {
      const found = await answer(face, request.method, request.url, { request, reply });
      if (found.location !== undefined) return reply.redirect(found.location, found.status);
      return reply.status(found.status).send(found.body);
    },
  });
  await app.listen({ port: PORT, host: HOST });
}
