import { IncomingHead, WebHead } from "../../core/request-head.ts";
import type { NodeRequest } from "../../core/sessions.ts";
import { answerDevice } from "./endpoints.ts";
import { hooksBehind } from "./protection.ts";

/**
 * Answers what browsers send to bind a session: resolves to the answer, or to `undefined` for any
 * other request. Ask it first: no redirect, no login page and no rate limiter may answer in its place.
 *
 * @param sessions - What createSessions() returned, with `deviceBound` among its `protections`.
 * @throws {@link OptionsError} for anything else.
 * @example
 * import { createSessions } from "sojourn";
 * import { dbscHandler, deviceBound } from "sojourn/dbsc";
 *
 * const sessions = createSessions({ protections: [deviceBound()] });
 * const dbsc = dbscHandler(sessions);
 *
 * export default {
 *   fetch: async (request: Request) =>
 *     (await dbsc(request)) ?? sessions.handle(request, async () => new Response("Welcome")),
 * };
 */
export function dbscHandler(sessions: object): (request: Request) => Promise<Response | undefined> {
  const hooks = hooksBehind(sessions, "dbscHandler(sessions)");
  return async (request) => {
    const answer = await answerDevice(hooks, new WebHead(request));
    if (answer === undefined) return undefined;
    const headers = new Headers();
    for (const [name, value] of answer.lines) headers.append(name, value);
    return new Response(answer.body, { status: answer.status, headers });
  };
}

/** What is used of a Node `ServerResponse`. */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

/**
 * The same for Node's own http server, and for frameworks whose middleware has its form, such as
 * Express. Mount it before anything else.
 *
 * @param sessions - What createSessions() returned, with `deviceBound` among its `protections`.
 * @returns A middleware that calls `next` for any other request.
 * @throws {@link OptionsError} for anything else.
 * @example
 * const app = express().use(dbscMiddleware(sessions)).use(sessionMiddleware(sessions));
 */
export function dbscMiddleware(
  sessions: object,
): (req: NodeRequest, res: NodeResponse, next: (error?: unknown) => unknown) => Promise<void> {
  const hooks = hooksBehind(sessions, "dbscMiddleware(sessions)");
  return async (req, res, next) => {
    const answer = await answerDevice(hooks, new IncomingHead(req));
    if (answer === undefined) {
      await next();
      return;
    }
    res.statusCode = answer.status;
    // No name is there twice.
    for (const [name, value] of answer.lines) res.setHeader(name, value);
    res.end(answer.body);
  };
}
