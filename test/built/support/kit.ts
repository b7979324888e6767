import { cp } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Sessions } from "../../../src/core/sessions.ts";
import type { AdapterData, AdapterRoute, ServeRoutes } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";
import { type Project, project } from "./project.ts";

/** What a test hands to the application that it runs in its own process. */
export interface Suite {
  readonly managers: readonly Sessions<AdapterData>[];
  readonly routes: readonly AdapterRoute[];
  readonly [more: string]: unknown;
}

/** A built application, and what runs it in this process. */
export interface Built {
  readonly project: Project;
  readonly handler: RequestListener;
}

/** What is built, and how. */
export interface BuildPlan {
  /** The folder below examples/ whose packages it has. */
  readonly example: string;
  /** The folders in `test/built` whose `app` it is, one laid over the other. */
  readonly overlays: readonly string[];
  readonly command: readonly [string, ...string[]];
  /** What the build makes, which exports what serves requests of Node. */
  readonly entry: string;
  /**
   * By this name.
   *
   * @defaultValue `"handler"`
   */
  readonly exported?: string | undefined;
}

/** Builds an application for production, and loads its server. */
export async function built(plan: BuildPlan): Promise<Built> {
  const made = await project(plan.example, { isBare: true });
  for (const name of plan.overlays) {
    const overlay = fileURLToPath(new URL(`../${name}/app`, import.meta.url));
    await cp(overlay, made.folder, { recursive: true });
  }
  const [program, ...args] = plan.command;
  await made.run(program, args, { NODE_ENV: "production" });
  const entry = pathToFileURL(join(made.folder, plan.entry)).href;
  const server = await import(/* @vite-ignore */ entry);
  return { project: made, handler: server[plan.exported ?? "handler"] };
}

/** Hands the suite to the application. */
export function hand(suite: Suite): void {
  Reflect.set(globalThis, "suite", suite);
}

/** Serves the suite's routes on a built application. */
export function serveBuilt(find: () => Built): ServeRoutes {
  return (managers, routes) => {
    hand({ managers, routes });
    const { handler } = find();
    return listen(
      createServer(
        (req: IncomingMessage, res: ServerResponse) => void handler(req as never, res as never),
      ),
    );
  };
}
