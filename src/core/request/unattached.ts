import type { Engine } from "../engine.ts";
import { OptionsError, whenAnswered } from "../errors.ts";

const NOT_ATTACHED =
  "no session adapter has seen this request. Mount sessionMiddleware(sessions) before the " +
  "handler, or wrap it in sessions.handle(request, handler), and pass the framework's own " +
  "request object: req in Express and Node, c in Hono, the Request in handle. Where it was made " +
  "anew from that one, say so: sessions.alias(request, copy).";

/** What is thrown for a request that no visit knows of; so nobody else would report it. */
export function unattached({ name, environment }: Engine, call: string): OptionsError {
  const error = new OptionsError(call, NOT_ATTACHED);
  const context = { name, method: undefined, path: undefined, outcome: "answered" } as const;
  const isTold = environment.report(error, context, true);
  whenAnswered(error, () => isTold || environment.report(error, context, false));
  return error;
}
