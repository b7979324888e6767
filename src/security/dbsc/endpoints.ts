import type { Deadline } from "../../core/deadline.ts";
import { startDeadline } from "../../core/engine.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { pathOf } from "../../core/report.ts";
import { type Answer, plain } from "./answers.ts";
import type { DeviceHooks } from "./device-hooks.ts";
import { refresh } from "./refreshing.ts";
import { register, registerKey } from "./registering.ts";
import { pathIn } from "./target.ts";

/** Answers what browsers, and pages' scripts, send to prove their keys; `undefined` for anything else. */
export async function answerDevice(
  hooks: DeviceHooks,
  request: RequestHead,
): Promise<Answer | undefined> {
  const endpoint = endpointOf(hooks, pathIn(request));
  if (endpoint === undefined) return undefined;
  if (request.method !== "POST") return plain(405, "Send it by POST.", [["Allow", "POST"]]);
  // Chromium says so itself of what it sends for pages of elsewhere.
  const site = request.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return plain(403, "Not from another site.");
  const { engine } = hooks;
  try {
    return await endpoint(request, startDeadline(engine));
  } catch (error) {
    // 503 is the one failure that costs a browser nothing: after 429 it gives its key up.
    const { name, environment } = engine;
    const path = pathOf(request.target);
    environment.report(error, { name, method: "POST", path, outcome: "answered" }, false);
    return plain(503, "Please try again in a moment.", [["Retry-After", "5"]]);
  }
}

type Endpoint = (request: RequestHead, deadline: Deadline) => Promise<Answer>;

function endpointOf(hooks: DeviceHooks, path: string): Endpoint | undefined {
  const { refreshPath, registerPath, keyPath } = hooks.terms;
  if (path === refreshPath) return (...given) => refresh(hooks, ...given);
  const id = path.slice(path.lastIndexOf("/") + 1);
  if (path === `${registerPath}/${id}`) return (...given) => register(hooks, id, ...given);
  if (path === `${keyPath}/${id}`) return (...given) => registerKey(hooks, id, ...given);
  return undefined;
}
