import { fileURLToPath } from "node:url";
import type { Sessions } from "sojourn";
import { nextSessions } from "sojourn/next";
import { sessionMiddleware } from "sojourn/node";
import {
  type AdapterData,
  type AdapterRoute,
  describeAdapter,
  type ServeRoutes,
} from "sojourn/testing";
import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { type Project, project } from "../support/project.ts";
import { type InProcess, inProcess, listening } from "./support/in-process.ts";

declare global {
  var suite:
    | {
        readonly managers: readonly Sessions<AdapterData>[];
        readonly routes: readonly AdapterRoute[];
      }
    | undefined;
}

let application: Project | undefined;
let next: InProcess | undefined;

beforeAll(async () => {
  const overlay = fileURLToPath(new URL("app/suite", import.meta.url));
  application = await project("next", { overlay, isBare: true });
  await application.run("next", ["build"]);
  next = await inProcess(application.folder);
  // The errors that the suite throws as an application are printed, as they should be.
  vi.spyOn(console, "error").mockReturnValue();
});

afterAll(async () => {
  await next?.close();
  await application?.remove();
});

const ALONE: ServeRoutes = (managers, routes) => {
  globalThis.suite = { managers, routes };
  return listening((req, res) => next?.handle(req, res));
};

const BEHIND_A_SERVER: ServeRoutes = (managers, routes) => {
  globalThis.suite = { managers, routes };
  // Known as of the application, as where both import its lib/sessions.ts.
  for (const sessions of managers) nextSessions(sessions);
  return listening((req, res) => {
    const answer = async (): Promise<void> => next?.handle(req, res);
    const all = managers.reduceRight<() => Promise<void>>((inner, sessions) => {
      const middleware = sessionMiddleware(sessions);
      return () => middleware(req, res, inner);
    }, answer);
    void all();
  });
};

const NEXTS_VARY = "Next adds what its own requests differ in to the Vary of every answer";

const DEVIATIONS = {
  "an untouched session: asks the store nothing and adds no header where no session is opened":
    NEXTS_VARY,
  "reading: adds to the application's Vary, once": NEXTS_VARY,
  "streaming: sends a stream that opened no session as it is": NEXTS_VARY,
  "streaming: lets early hints pass while the first byte waits":
    "a web Response has no 1xx before it",
};

describeAdapter("Next.js, route handlers", ALONE, {
  runner: { describe, it },
  deviations: DEVIATIONS,
});

describeAdapter("Next.js, behind a custom server", BEHIND_A_SERVER, {
  runner: { describe, it },
  deviations: {
    ...DEVIATIONS,
    "visitors who leave: stores what a visitor did who left before the answer":
      "Next ends the response when its visitor has left, and what is changed after its end is refused",
  },
});
