import { SessionError } from "../core/errors.ts";
import { internalsOf } from "../core/internals.ts";
import type { Session } from "../core/session.ts";
import type { Sessions } from "../core/sessions.ts";

/** Elysia's way to handle a request, on Bun with its server. */
type Handle = (...args: unknown[]) => unknown;

/** What is used of an Elysia application. */
export interface Wrappable {
  wrap(around: (handle: Handle) => Handle): unknown;
  /** Bun's server, once it listens. */
  readonly server?: unknown;
}

/**
 * Sessions for Elysia, on Bun and on Node. `sessions.open` takes the context's `request`.
 *
 * A failure of `sessions.open` goes to `onError`; where nobody answers there, and where the session cannot be
 * stored, it is answered plainly with the error's status.
 *
 * @throws {@link OptionsError} for what createSessions() has not made.
 * @example
 * const app = new Elysia()
 *   .use(sessionPlugin(sessions))
 *   .get("/", async ({ request }) => (await sessions.open(request)).userId ?? "Nobody");
 */
export function sessionPlugin<D extends object>(
  sessions: Sessions<D>,
): <App extends Wrappable>(app: App) => App {
  // A slip is told where it is made, not at the first request.
  internalsOf(sessions);
  return (app) => {
    app.wrap((handle) => (...args) => {
      const [request, server] = args as [Request, unknown];
      const next = async (): Promise<Response> =>
        ownAnswer(sessions, request, (await handle(...args)) as Response);
      // Outside of all hooks, where nobody else answers a commit that fails.
      const remoteAddress = addressOf(request, server ?? app.server);
      return sessions.handle(request, next, { remoteAddress });
    });
    return app;
  };
}

/**
 * Opens the session before the handlers, so that they have it in their context as `session`, of its type.
 *
 * @returns What Elysia's `derive` takes.
 * @throws what `sessions.open` throws, to `onError`.
 * @example
 * const app = new Elysia()
 *   .use(sessionPlugin(sessions))
 *   .derive(sessionContext(sessions))
 *   .get("/", async ({ session }) => `Visit ${await session.update("visits", (n) => n + 1)}`);
 */
export function sessionContext<D extends object>(
  sessions: Sessions<D>,
): (context: { readonly request: Request }) => Promise<{ session: Session<D> }> {
  internalsOf(sessions);
  return async ({ request }) => ({ session: await sessions.open(request) });
}

/** Bun's server is asked; on Node the request says it. */
function addressOf(request: Request, server: unknown): string | undefined {
  const { ip } = request as { readonly ip?: string };
  if (typeof ip === "string") return ip;
  const { requestIP } = Object(server) as {
    requestIP?(this: unknown, request: Request): { readonly address: string } | null;
  };
  return requestIP?.call(server, request)?.address;
}

/** Elysia sends the message of an error that nobody has answered; ours are for whoever runs the server. */
async function ownAnswer(
  sessions: object,
  request: Request,
  response: Response,
): Promise<Response> {
  const failure = internalsOf(sessions).attachments.find(request)?.failure;
  if (!(failure instanceof SessionError) || response.status !== failure.status) return response;
  const text = await response.clone().text();
  return text === failure.message ? failure.getResponse() : response;
}
