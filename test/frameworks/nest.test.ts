import "reflect-metadata";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import {
  All,
  Controller,
  type DynamicModule,
  HttpException,
  Req,
  Res,
  StreamableFile,
} from "@nestjs/common";
import { type AbstractHttpAdapter, NestFactory, RouterModule } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { beforeAll, describe, it, vi } from "vitest";
import { SessionModule } from "../../src/frameworks/nest.ts";
import { type AdapterRoute, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";

const PREFIX = "/mounted";
const isInside = ({ isMounted }: AdapterRoute): boolean => isMounted === true;

/** What Express's response and Fastify's reply have in common, but for the names. */
interface Reply {
  readonly raw?: ServerResponse;
  status(status: number): unknown;
  append?(name: string, value: string): unknown;
  header(name: string, value: string): unknown;
}

/** A controller with a handler for each route, as decorators would make it. */
function controllerOf(prefix: string, routes: readonly AdapterRoute[]): new () => object {
  class Routes {}
  for (const [at, route] of routes.entries()) {
    const handler = (request: object, reply: Reply): Promise<unknown> =>
      respond(route, request, reply);
    const name = `handler${at}`;
    const property = { value: handler };
    Object.defineProperty(Routes.prototype, name, property);
    All(route.path.slice(prefix.length))(Routes.prototype, name, property);
    Req()(Routes.prototype, name, 0);
    Res({ passthrough: true })(Routes.prototype, name, 1);
  }
  Controller()(Routes);
  return Routes;
}

async function respond(route: AdapterRoute, request: object, reply: Reply): Promise<unknown> {
  const raw = reply.raw ?? (reply as unknown as ServerResponse);
  const earlyHints = (link: string): void => raw.writeEarlyHints({ link });
  const { status, headers, body, by } = await route.handle({ request, earlyHints });
  if (by === "error") throw new HttpException("Nest's own", status);
  reply.status(status);
  for (const [name, value] of headers) (reply.append ?? reply.header).call(reply, name, value);
  return typeof body === "object" ? new StreamableFile(Readable.from(body)) : body;
}

function serveOn(adapterOf: () => AbstractHttpAdapter): ServeRoutes {
  return async (managers, routes) => {
    const mounted = {
      module: class Mounted {},
      controllers: [controllerOf(PREFIX, routes.filter(isInside))],
    };
    const root: DynamicModule = {
      module: class Root {},
      imports: [
        ...managers.map((sessions) => SessionModule.forRoot(sessions)),
        RouterModule.register([{ path: PREFIX, module: mounted.module }]),
        mounted,
      ],
      controllers: [
        controllerOf(
          "",
          routes.filter((route) => !isInside(route)),
        ),
      ],
    };
    const app = await NestFactory.create(root, adapterOf(), { logger: false });
    await app.listen(0, "127.0.0.1");
    return { target: await app.getUrl(), close: () => app.close() };
  };
}

beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter(
  "Nest on Express",
  serveOn(() => new ExpressAdapter()),
  {
    runner: { describe, it },
  },
);
describeAdapter(
  "Nest on Fastify",
  serveOn(() => new FastifyAdapter()),
  {
    runner: { describe, it },
  },
);
