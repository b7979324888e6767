import type { Format } from "../foreign/foreign-sessions.ts";
import { signedCookieFormat } from "../foreign/signed-cookie-format.ts";
import type { FlaskCookies } from "./flask-cookies.ts";

/** Flask's cookies as the text of a session. */
export function flaskFormat(cookies: FlaskCookies, lifetimeMs: number): Format {
  const maxAge = lifetimeMs / 1_000;
  return signedCookieFormat("Flask", {
    open: (cookie, now) => cookies.open(cookie, { now, maxAge }),
    write: (session, now) => cookies.write(session, now),
  });
}
