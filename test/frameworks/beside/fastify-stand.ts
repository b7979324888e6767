import { Readable } from "node:stream";
import compress from "@fastify/compress";
import etag from "@fastify/etag";
import helmet from "@fastify/helmet";
import files from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { sessionPlugin } from "../../../src/frameworks/fastify.ts";
import type { Asked } from "./compare.ts";
import { breaking, FUTURE, PAGE, type Place, pieces, UNCHANGED } from "./neighbours.ts";
import type { Sojourn } from "./servers.ts";
import { type Stand, standOf } from "./stand.ts";

interface FastifyRoute extends Asked {
  handle(reply: FastifyReply): unknown;
}

const HTML = "text/html; charset=utf-8";

const ROUTES: Readonly<Record<string, FastifyRoute>> = {
  "a small page": { handle: () => "<p>hello</p>" },
  "a large page": { handle: (reply) => reply.type(HTML).send(PAGE) },
  json: { handle: () => ({ pages: [PAGE] }) },
  "a buffer": { handle: (reply) => reply.type(HTML).send(Buffer.from(PAGE)) },
  "a stream": { handle: (reply) => reply.type(HTML).send(Readable.from(pieces())) },
  "a stream of the web": {
    handle: (reply) => reply.type(HTML).send(ReadableStream.from(pieces())),
  },
  "a response of the web": {
    handle: (reply) => reply.send(new Response(PAGE, { headers: { "Content-Type": HTML } })),
  },
  "a stream that breaks": {
    isGivenUp: true,
    handle: (reply) => reply.type(HTML).send(Readable.from(breaking())),
  },
  "a redirect": { handle: (reply) => reply.redirect("/elsewhere") },
  "nothing, 204": { handle: (reply) => reply.code(204).send() },
  "a page with its own headers": {
    handle: (reply) => {
      reply.headers({ ETag: UNCHANGED, "Cache-Control": "public, max-age=60", Expires: FUTURE });
      reply.header("Set-Cookie", "theme=dark");
      return reply.code(201).type(HTML).send(PAGE);
    },
  },
  "what has not changed, by its tag": {
    headers: { "If-None-Match": UNCHANGED },
    handle: (reply) => reply.header("ETag", UNCHANGED).type(HTML).send(PAGE),
  },
  "a page that is taken over": {
    handle: (reply) => reply.hijack().raw.end(PAGE),
  },
  "a file": { handle: (reply) => reply.sendFile("small.html") },
  "a large file": { handle: (reply) => reply.sendFile("large.html") },
  "an empty file": { handle: (reply) => reply.sendFile("empty.html") },
  "a file that is not there": { handle: (reply) => reply.sendFile("none.html") },
  "a part of a file": {
    headers: { Range: "bytes=10-19" },
    handle: (reply) => reply.sendFile("large.html"),
  },
  "a file that has not changed": {
    headers: { "If-Modified-Since": FUTURE },
    handle: (reply) => reply.sendFile("small.html"),
  },
  "a throw": {
    handle: () => {
      throw new Error("A slip");
    },
  },
  "a refusal": {
    handle: () => {
      throw Object.assign(new Error("Not yours"), { statusCode: 403 });
    },
  },
};

type Mount = (app: FastifyInstance) => Promise<void>;

const mountCompress: Mount = async (app) => void (await app.register(compress, { threshold: 0 }));
const mountEtag: Mount = async (app) => void (await app.register(etag));
const mountHelmet: Mount = async (app) => void (await app.register(helmet));

const NEIGHBOURS: Readonly<Record<string, readonly Mount[]>> = {
  none: [],
  compress: [mountCompress],
  etag: [mountEtag],
  "helmet, etag and compress": [mountHelmet, mountEtag, mountCompress],
};
export const FASTIFY_NEIGHBOURS: readonly string[] = Object.keys(NEIGHBOURS);

/** What is asked of Fastify, whoever its neighbours are. */
export function fastifyRoutes(): [name: string, route: FastifyRoute][] {
  return Object.entries(ROUTES);
}

/** Serves Fastify's routes by their numbers, `/0` and on, and `/after`. */
export async function fastifyStand(
  neighbours: string,
  place: Place,
  folder: string,
  sojourn?: Sojourn,
): Promise<Stand> {
  const visits: Stand["visits"] = new Map();
  const app = Fastify();
  const others = NEIGHBOURS[neighbours] ?? [];
  const ours: Mount[] = [];
  if (sojourn !== undefined) {
    ours.push(async (instance) => void (await instance.register(sessionPlugin(sojourn.sessions))));
  }
  for (const mount of place === "before" ? [...others, ...ours] : [...ours, ...others]) {
    await mount(app);
  }
  await app.register(files, { root: folder, serve: false });
  app.get("/after", () => "after");
  for (const [index, route] of Object.values(ROUTES).entries()) {
    app.get(`/${index}`, async (request, reply) => {
      const done = Promise.withResolvers<void>();
      visits.set(String(request.headers["x-id"]), { heard: [], done: done.promise });
      try {
        await sojourn?.prepare(request.raw);
        return await route.handle(reply);
      } finally {
        done.resolve();
      }
    });
  }
  await app.ready();
  return standOf(app.server, visits);
}
