/** The applications that the others are measured against: the same pages without sessions. */
import type { RequestListener } from "node:http";
import express, { type Express } from "express";
import fastify, { type FastifyInstance } from "fastify";
import { DATA } from "./shop.ts";

export function bareExpress(): Express {
  const app = express();
  app.get("/untouched", (_req, res) => res.end("ok"));
  app.get("/read", (_req, res) => res.end(DATA.theme));
  app.get("/write", (_req, res) => res.end("ok"));
  app.get("/create", (_req, res) => res.end("ok"));
  return app;
}

export function bareFastify(): FastifyInstance {
  const app = fastify();
  app.get("/untouched", (_request, reply) => reply.send("ok"));
  app.get("/read", (_request, reply) => reply.send(DATA.theme));
  app.get("/write", (_request, reply) => reply.send("ok"));
  app.get("/create", (_request, reply) => reply.send("ok"));
  return app;
}

/** What Node calls for each request. */
export async function listenerOf(app: FastifyInstance): Promise<RequestListener> {
  await app.ready();
  return app.routing;
}
