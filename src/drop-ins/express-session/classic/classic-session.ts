import type { ServerResponse } from "node:http";
import type { SessionOptions } from "../options.ts";
import { type Handler, type Next, pathOf, type SessionRequest } from "../request.ts";
import { Session } from "../session.ts";
import { SignedIds } from "../signed-ids.ts";
import { ClassicVisit } from "./classic-visit.ts";
import { letMakeOurs } from "./our-sessions.ts";
import { type ClassicSettings, newCookie, readOptions } from "./settings.ts";

/** The middleware over a connect store, by express-session's rules, good and bad. */
export function classicSession(options: SessionOptions): Handler {
  const settings = readOptions(options);
  const { store } = settings;
  complete(settings);
  let isReady = true;
  store.on("disconnect", () => {
    isReady = false;
  });
  store.on("connect", () => {
    isReady = true;
  });
  return function session(request: SessionRequest, response: ServerResponse, next: Next): void {
    if (request.session || !isReady || !isInPath(settings, request)) {
      next();
      return;
    }
    const ids = settings.ids ?? (request.secret ? new SignedIds([request.secret]) : undefined);
    if (ids === undefined) next(new Error("secret option required for sessions"));
    else new ClassicVisit(settings, ids, request, response, next).begin();
  };
}

/** Gives a store its `generate`: stores and sessions count on it. */
function complete(settings: ClassicSettings): void {
  letMakeOurs(settings.store);
  Object.assign(settings.store, {
    generate(request: SessionRequest): void {
      request.sessionID = settings.generateId(request);
      const session = new Session(request);
      session.cookie = newCookie(settings, request);
      request.session = session;
    },
  });
}

function isInPath(settings: ClassicSettings, request: SessionRequest): boolean {
  const { path = "/" } = settings.cookieOptions(request);
  return pathOf(request).startsWith(path || "/");
}
