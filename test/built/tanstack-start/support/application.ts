import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AdapterRoute, AdapterServer, ServeRoutes } from "../../../../src/testing/index.ts";
import { listen } from "../../../frameworks/support/server.ts";
import { type Project, project } from "../../support/project.ts";

/** What the application and its tests know of each other: `app/src/suite.ts`. */
interface Suite {
  routes: ReadonlyMap<string, AdapterRoute>;
  sessions: readonly object[];
  /** Whether the first of the managers is shown in the context. */
  hasAccessor: boolean;
  /** Hears what that middleware has answered with. */
  answered(context: { readonly session?: unknown }): void;
  /** Hears what is thrown to a middleware further out. */
  failed(error: unknown): void;
  pages: Readonly<Record<string, (request: Request, context: object) => unknown>>;
}

/** The application of these tests, built for production, in this process. */
export interface Application {
  readonly suite: Suite;
  readonly project: Project;
  serve(sessions: readonly object[]): Promise<AdapterServer & { readonly target: string }>;
  serveRoutes: ServeRoutes;
}

type Fetch = (request: Request) => Promise<Response>;

interface Srvx {
  toNodeHandler(fetch: Fetch): Parameters<typeof createServer>[1];
}

/** Builds the application. */
export async function built(): Promise<Application> {
  const overlay = fileURLToPath(new URL("../app", import.meta.url));
  const own = await project("tanstack-start", { overlay });
  await own.run("vite", ["build"]);
  const load = (path: string): Promise<Record<string, unknown>> =>
    import(/* @vite-ignore */ join(own.folder, path));
  const suite: Suite = {
    routes: new Map(),
    sessions: [],
    hasAccessor: false,
    answered: () => undefined,
    failed: () => undefined,
    pages: {},
  };
  Object.assign(globalThis, { suite });
  const handler = (await load("dist/server/server.js"))["default"] as { readonly fetch: Fetch };
  const { toNodeHandler } = (await load(
    "node_modules/srvx/dist/adapters/node.mjs",
  )) as unknown as Srvx;
  const serve: Application["serve"] = (sessions) => {
    suite.sessions = sessions;
    return listen(createServer(toNodeHandler((request) => handler.fetch(request))));
  };
  const serveRoutes: ServeRoutes = (managers, routes) => {
    suite.routes = new Map(routes.map((route) => [route.path, route]));
    return serve(managers);
  };
  return { suite, project: own, serve, serveRoutes };
}
