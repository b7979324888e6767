import { COOKIE_PREFIXES } from "../../cookies/cookie-prefix.ts";
import { CookieRules } from "../../cookies/cookie-rules.ts";
import type { Adoptable, SharedParts } from "../../cookies/mount.ts";
import { OptionsError } from "../../core/errors.ts";
import type { Carrier } from "../../core/passage.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import { requiredSecret } from "../foreign/text-options.ts";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import { adoptedIdentity } from "./adopted-identity.ts";
import { AdoptingCarrier } from "./adopting-carrier.ts";
import { AdoptionMarks } from "./adoption-marks.ts";
import { OldCookieRules } from "./old-cookie.ts";
import type { AdoptionMap } from "./old-session.ts";

/** How the sessions of another framework go on here. */
export interface AdoptionOptions<D extends object> {
  readonly map: AdoptionMap<D>;
  /**
   * The tokens of the adopted sessions are made with it, so that nobody can make one who has only
   * read the old keys: the framework's own secret, or better one for this purpose. It must stay the
   * same for as long as old cookies come, and secret for as long as adopted sessions live.
   */
  readonly secret: PySecret;
  /** Where the old cookie lies in the browser. @defaultValue the request's host, path "/" */
  readonly cookie?: OldCookiePlace | undefined;
}

/** Where a cookie lies: the framework's own settings, so that the browser can be told to forget it. */
export interface OldCookiePlace {
  readonly domain?: string | undefined;
  readonly path?: string | undefined;
}

/** Takes over the sessions of another framework: one of the list `adopt` of `createSessions`. */
export function adoptable<D extends object>(
  sessions: ForeignSessions,
  options: AdoptionOptions<D>,
): Adoptable {
  if (typeof options.map !== "function") {
    throw new OptionsError("map", "must be a function that makes our data of an old session's.");
  }
  requiredSecret("secret", options.secret);
  return { beside: (carrier, parts) => beside(sessions, options, carrier, parts) };
}

function beside<D extends object>(
  sessions: ForeignSessions,
  { map, secret, cookie }: AdoptionOptions<D>,
  carrier: Carrier,
  { carrier: ours, settings, environment }: SharedParts,
): Carrier {
  const { framework, cookieName, kept, pieces } = sessions;
  const { name } = settings;
  const prefix = COOKIE_PREFIXES.find((start) => cookieName.startsWith(start)) ?? "";
  const place = { trustProxy: ours.trustProxy, cookie: { prefix, ...cookie } };
  const parts = { ...environment, name: cookieName.slice(prefix.length) };
  const rules = new CookieRules(place, parts);
  refuseOneName(cookieName, new CookieRules(ours, { ...environment, name }));
  const scope = [framework, cookieName, kept === undefined ? "cookie" : "key"];
  const tools = {
    sessions,
    map,
    marks: new AdoptionMarks(name, environment.random),
    settings,
    environment,
    identityFor: (session: string) => adoptedIdentity(secret, scope, name, session),
  };
  return new AdoptingCarrier(carrier, tools, new OldCookieRules(rules, pieces));
}

/** In one cookie each of the two would be the end of the other. */
function refuseOneName(cookieName: string, ours: CookieRules): void {
  const { full, plain } = ours.forms();
  if (full.name !== cookieName && plain?.name !== cookieName) return;
  throw new OptionsError(
    "name",
    `"${cookieName}" is the old cookie's name${full.name === cookieName ? "" : ", and ours in development over plain HTTP"}. ` +
      'Give these sessions another one, such as name: "sid".',
  );
}
