import { ServerResponse } from "node:http";
import { attach, internalsOf } from "../../../core/internals.ts";
import type { Visit } from "../../../core/request/visit.ts";
import type { Sessions } from "../../../core/sessions.ts";
import { createSessions } from "../../../create-sessions.ts";
import { type Fallback, holdReply } from "../../../frameworks/port/hold.ts";
import { plainAnswer } from "../../../frameworks/port/node-exchange.ts";
import { JSON_VALUES } from "../../json-values.ts";
import type { EngineSessionOptions } from "../options.ts";
import { type Handler, type Next, pathOf, type SessionRequest } from "../request.ts";
import { RequestSession } from "./request-session.ts";
import { KEPT, type SeenRequest, SessionExchange } from "./session-exchange.ts";
import { type EngineSettings, readEngineOptions } from "./settings.ts";
import { SignedCookieCarrier } from "./signed-cookie-carrier.ts";
import { storeFace } from "./store-face.ts";

type Untyped = Record<string, unknown>;

/** The middleware over a store of ours, and the manager behind it. */
export interface EngineMiddleware extends Handler {
  readonly sessions: Sessions<Untyped>;
}

/** express-session's face over our engine. */
export function engineSession(options: EngineSessionOptions): EngineMiddleware {
  const settings = readEngineOptions(options);
  const sessions = managerOf(options, settings);
  const sessionStore = storeFace(sessions) as unknown as SessionRequest["sessionStore"] & object;
  const { attachments } = internalsOf(sessions);

  function session(request: SeenRequest, given: ServerResponse, next: Next): void {
    if (request.session || !isInPath(settings, request)) {
      next();
      return;
    }
    if (settings.ids === undefined && !request.secret) {
      next(new Error("secret option required for sessions"));
      return;
    }
    const response = isResponse(given) ? given : new ServerResponse(request);
    const exchange = new SessionExchange(request, response);
    const fallback = new NextFallback(next);
    const visit = attach(sessions, exchange, [request], (held) =>
      holdReply(response, held, fallback),
    );
    request.sessionStore = sessionStore;
    sessions.open(request).then((opened) => {
      try {
        const own = new RequestSession(settings, exchange, {
          session: opened,
          visit,
          revoke: (id) => sessions.revoke(id),
        });
        exchange.source = own;
        request[KEPT] = own;
        settleFirst(visit, own);
        own.show();
      } catch (error) {
        // The application's own userId has thrown.
        next(error);
        return;
      }
      attachments.runAmbient(visit, () => next());
    }, next);
  }

  return Object.assign(session, { sessions });
}

function managerOf(options: EngineSessionOptions, settings: EngineSettings): Sessions<Untyped> {
  const { userId: _, ...own } = options.sojourn ?? {};
  return createSessions({
    name: settings.name,
    crossSite: "allow",
    ...clocksOf(options),
    ...own,
    store: options.store,
    values: JSON_VALUES,
    transport: {
      carry: (_cookies, { environment, settings: { name } }) =>
        new SignedCookieCarrier(settings, name, environment.random),
    },
  }) as unknown as Sessions<Untyped>;
}

const DAY_MS = 86_400_000;
const LONGEST_MS = 90 * DAY_MS;

/** As express-session's stores have them: idle as long as the cookie lives, or a day. */
function clocksOf({ cookie }: EngineSessionOptions): {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
} {
  const maxAge = typeof cookie === "object" ? cookie.maxAge : undefined;
  const idleTimeout = typeof maxAge === "number" && maxAge > 0 ? maxAge : DAY_MS;
  return { idleTimeout, absoluteTimeout: Math.max(idleTimeout, LONGEST_MS) };
}

/** Lets the data and the cookie have their say before anything is stored. */
function settleFirst(visit: Visit, own: RequestSession): void {
  const beforeHeaders = visit.beforeHeaders.bind(visit);
  visit.beforeHeaders = (status) => {
    const settled = own.beforeHeaders(status);
    return settled === undefined
      ? beforeHeaders(status)
      : settled.then(() => beforeHeaders(status));
  };
}

/** Who accepts a WebSocket has no response, and passes `{}` for one. */
function isResponse(given: ServerResponse): boolean {
  return typeof given.writeHead === "function";
}

function isInPath(settings: EngineSettings, request: SessionRequest): boolean {
  const { path } = settings.cookieOptions(request);
  return pathOf(request).startsWith(path || "/");
}

/** Hands failures to the application's error handler. */
class NextFallback implements Fallback {
  readonly fail: Next;
  readonly isPrinting = true;
  readonly plainAnswer: Fallback["plainAnswer"] = plainAnswer;

  constructor(next: Next) {
    this.fail = next;
  }
}
