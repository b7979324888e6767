import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AdapterRoute, AdapterServer, ServeRoutes } from "../../../../src/testing/index.ts";
import { listen } from "../../../frameworks/support/server.ts";
import { type Project, project } from "../../support/project.ts";

type Middleware = (...args: never) => unknown;

/** What a request of a page has. */
export interface Turn {
  readonly request: Request;
  readonly context: { get<T>(context: { defaultValue?: T }): T };
}

interface Build {
  readonly routes: { readonly root: { readonly module: object } };
}

/** What the application and its tests know of each other: `app/suite.server.ts`. */
interface Suite {
  routes: ReadonlyMap<string, AdapterRoute>;
  pages: Readonly<Record<string, (turn: Turn) => unknown>>;
  readonly sessionMiddleware: (sessions: object, options?: object) => Middleware;
  readonly sessionContext: { readonly defaultValue?: never };
}

/** The application of these tests, built for production, in this process. */
export interface Application {
  readonly suite: Suite;
  readonly project: Project;
  /** A server with these middlewares in its root. */
  serve(middleware: readonly Middleware[]): Promise<AdapterServer & { readonly target: string }>;
  serveRoutes: ServeRoutes;
}

/** Builds the application. */
export async function built(): Promise<Application> {
  const overlay = fileURLToPath(new URL("../app", import.meta.url));
  const own = await project("react-router", { overlay });
  await own.run("react-router", ["build"]);
  const load = (path: string): Promise<Record<string, unknown>> =>
    import(/* @vite-ignore */ join(own.folder, path));
  const build = (await load("dist/server/index.js")) as unknown as Build;
  const adapter = await load("node_modules/@react-router/express/dist/index.js");
  const createRequestHandler = adapter["createRequestHandler"] as unknown as Handler;
  const express = (await load("node_modules/express/index.js"))["default"] as unknown as Express;
  const { suite } = globalThis as unknown as { readonly suite: Suite };
  const serve: Application["serve"] = (middleware) => {
    const root = { ...build.routes.root, module: { ...build.routes.root.module, middleware } };
    const changed = { ...build, routes: { ...build.routes, root } };
    return listen(createServer(listener(express, createRequestHandler, changed)));
  };
  const serveRoutes: ServeRoutes = (managers, routes) => {
    suite.routes = new Map(routes.map((route) => [route.path, route]));
    return serve(managers.map((sessions) => suite.sessionMiddleware(sessions)));
  };
  return { suite, project: own, serve, serveRoutes };
}

type Express = () => RequestListener & { use(handler: RequestListener): unknown };
type Handler = (options: { build: object; mode: string }) => RequestListener;

/** As `react-router-serve` does it. */
function listener(express: Express, handler: Handler, build: object): RequestListener {
  const app = express();
  app.use(handler({ build, mode: "production" }));
  return app;
}
