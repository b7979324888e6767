import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { AdapterAnswer } from "../../../src/testing/index.ts";

/** Sends an answer of the suite by Fastify's own means. */
export function sendByFastify(reply: FastifyReply, answer: AdapterAnswer): FastifyReply {
  const { status, headers, body, by } = answer;
  if (by === "redirect") return reply.redirect(new Headers(headers).get("location") ?? "", status);
  if (by === "error") throw Object.assign(new Error("Fastify's own"), { statusCode: status });
  for (const [name, value] of headers) reply.header(name, value);
  return reply.code(status).send(typeof body === "object" ? Readable.from(body) : body);
}
