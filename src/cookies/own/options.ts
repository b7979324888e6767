import type { Duration } from "../../core/duration.ts";
import type { Engine } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { Keys } from "../../sealing/key-ring.ts";
import type { CookieOptions } from "../cookie-options.ts";
import type { CookiePrefix } from "../cookie-prefix.ts";

/** Name and attributes of a cookie of the application's own, by the rules of the session's. */
export interface OwnCookieAttributes extends Omit<CookieOptions, "prefix" | "httpOnly" | "maxAge"> {
  /** The name without its prefix, such as `"theme"`; not the session's. */
  readonly name: string;
  /**
   * Start of the cookie's name, by which browsers enforce its protection, as for the session's.
   *
   * @defaultValue "__Host-Http-", or "__Host-" with `httpOnly: false`
   */
  readonly prefix?: CookiePrefix | undefined;
  /**
   * Hides the cookie from scripts. With `false` a script reads it, and could write a plain one; an
   * injected script can as well.
   *
   * @defaultValue true
   */
  readonly httpOnly?: boolean | undefined;
}

/** How a plain cookie is made. */
export interface PlainCookieOptions extends OwnCookieAttributes {
  /**
   * How long the browser keeps it, at most 400 days (RFC 6265bis §5.5).
   *
   * @defaultValue none: it ends with the browser
   */
  readonly maxAge?: Duration | undefined;
}

/** How a signed or a sealed cookie is made. */
export interface KeyedCookieOptions extends OwnCookieAttributes {
  /**
   * The keys: the first one signs or seals, all of them open. Make one with `npx sojourn secret`. Take
   * an old one out once `maxAge` is over.
   */
  readonly keys: Keys;
  /**
   * How long a value counts after it was set, by the server's clock, and how long the browser keeps
   * it; at most 400 days. As the option says now: a shorter one ends what was set before, too.
   *
   * @defaultValue it ends with the browser, and after 31 days at the latest
   */
  readonly maxAge?: Duration | undefined;
  /**
   * Which application the cookie is for, such as `"admin"`. Two applications that share keys and the
   * cookie's name read each other's; with audiences that differ they do not.
   *
   * @defaultValue none
   */
  readonly audience?: string | undefined;
}

/** Every option of every kind. */
export type AnyOptions = OwnCookieAttributes & {
  readonly maxAge?: Duration | undefined;
  readonly keys?: Keys | undefined;
  readonly audience?: string | undefined;
  readonly values?: readonly string[] | undefined;
  readonly schema?: object | undefined;
};

/** The three functions that make cookies, by their names. */
export type Maker = "plainCookie" | "signedCookie" | "sealedCookie";

const COMMON: readonly string[] = [
  "name",
  "prefix",
  "domain",
  "path",
  "secure",
  "httpOnly",
  "sameSite",
  "partitioned",
  "priority",
  "maxAge",
  "schema",
];
const KEYED: readonly string[] = [...COMMON, "keys", "audience"];

const KNOWN: Readonly<Record<Maker, readonly string[]>> = {
  plainCookie: [...COMMON, "values"],
  signedCookie: KEYED,
  sealedCookie: KEYED,
};

/** For those who come from other libraries. */
const ADVICE: Readonly<Record<string, string>> = {
  kind: "Leave it out: the function's name says it.",
  secret: 'Write keys: [process.env["SESSION_KEY"] ?? ""], with signedCookie or sealedCookie.',
  secrets: 'Write keys: [process.env["SESSION_KEY"] ?? ""], with signedCookie or sealedCookie.',
  password: 'Write keys: [process.env["SESSION_KEY"] ?? ""], with sealedCookie.',
  signed: "Leave it out, and call signedCookie.",
  encode: "Leave it out: values are encoded so that every browser keeps them.",
  decode: "Leave it out: values are encoded so that every browser keeps them.",
  expires: 'Write maxAge, for instance maxAge: "30d".',
  expiresIn: 'Write maxAge, for instance maxAge: "30d".',
  max_age: 'Write maxAge, for instance maxAge: "30d".',
  samesite: "Write sameSite.",
  httponly: "Write httpOnly.",
};

/** The attributes alone, as the session's own cookie has them. */
export function attributesIn(maker: Maker, options: AnyOptions, engine: Engine): CookieOptions {
  requireKnownKeys(maker, options, KNOWN[maker], ADVICE);
  const { name, keys: _keys, audience, values: _values, schema: _schema, ...rest } = options;
  refuseSessionName(name, engine.name);
  checkAudience(audience);
  return rest.httpOnly === false ? { ...rest, prefix: rest.prefix ?? "__Host-" } : rest;
}

/** Its cookies, and those beside it, begin so; without their prefix they do in development too. */
function refuseSessionName(name: string, session: string): void {
  if (name !== session && !String(name).startsWith(`${session}-`)) return;
  throw new OptionsError(
    "name",
    `${JSON.stringify(name)} is kept for the cookies of the session, which is called ` +
      `${JSON.stringify(session)}. Choose another name.`,
  );
}

function checkAudience(audience: string | undefined): void {
  const isUsable = typeof audience === "string" && audience !== "" && audience.isWellFormed();
  if (audience === undefined || isUsable) return;
  throw new OptionsError("audience", 'must name the application, such as "admin".');
}
