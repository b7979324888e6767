import { OptionsError } from "../../core/errors.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import { SHARING_OPTIONS } from "../foreign/sharing-options.ts";
import { requiredSecret, requiredText, secretList } from "../foreign/text-options.ts";
import type { DjangoSessionsOptions, NoPasswords } from "./django-options.ts";

/**
 * Refuses what no engine of Django's can be shared with.
 *
 * @param group - Whose options they are, such as `djangoSessions`.
 * @throws {@link OptionsError}
 */
export function checkDjangoOptions(group: string, options: DjangoSessionsOptions): void {
  requireKnownKeys(group, options, Object.values(KNOWN).flat(), ADVICE);
  const engine = oneOf(`${group}.engine`, options.engine, ENGINES) ?? "db";
  requireKnownKeys(group, given(options), [...KNOWN.all, ...KNOWN[engine]], ADVICE);
  for (const option of REQUIRED[engine]) {
    requireGiven(`${group}.${option}`, engine, Reflect.get(options, option));
  }
  requiredSecret(`${group}.secretKey`, options.secretKey);
  secretList(`${group}.secretKeyFallbacks`, options.secretKeyFallbacks ?? []);
  oneOf(`${group}.version`, options.version, ["2.2", "3.1", "3.1 sha1", "4.0"]);
  checkPasswordOf(`${group}.passwordOf`, options.passwordOf);
  for (const option of FLAGS) flag(`${group}.${option}`, options[option]);
  for (const option of TEXTS) checkText(`${group}.${option}`, Reflect.get(options, option));
  checkCache(group, Reflect.get(options, "keyPrefix"), Reflect.get(options, "cacheVersion"));
  checkTags(`${group}.messageTags`, options.messageTags);
  checkFactsKey(`${group}.factsKey`, options.factsKey);
}

type Engine = NonNullable<DjangoSessionsOptions["engine"]>;

const ENGINES: readonly Engine[] = ["db", "cache", "cached_db", "file", "signed_cookies"];
const CACHE = ["cache", "keyPrefix", "cacheVersion"];
const KNOWN: Readonly<Record<Engine | "all", readonly string[]>> = {
  all: [
    ...["engine", "secretKey", "secretKeyFallbacks", "version"],
    ...["passwordOf", "passwordFreshness", "authBackend"],
    ...["sessionCookieName", "sessionCookieAge", "sessionExpireAtBrowserClose"],
    ...["sessionSaveEveryRequest", "messageTags", ...SHARING_OPTIONS],
  ],
  db: ["database", "table"],
  cache: CACHE,
  cached_db: ["database", "table", ...CACHE],
  file: ["folder"],
  signed_cookies: [],
};
const REQUIRED: Readonly<Record<Engine, readonly string[]>> = {
  db: ["database"],
  cache: ["cache"],
  cached_db: ["database", "cache"],
  file: ["folder"],
  signed_cookies: [],
};
const FLAGS = ["sessionExpireAtBrowserClose", "sessionSaveEveryRequest"] as const;
const TEXTS = ["sessionCookieName", "authBackend", "table", "folder"];
const NO_PASSWORDS: NoPasswords =
  "none: a session outlives its user's password, and nobody signs in to it here";

const AT_CREATE_SESSIONS = "Give createSessions the option cookie.";
const ADVICE: Readonly<Record<string, string>> = {
  SECRET_KEY: "Write secretKey.",
  secret: "Write secretKey.",
  fallbacks: "Write secretKeyFallbacks.",
  sessionEngine: 'Write engine, with the last part of SESSION_ENGINE: "cached_db".',
  sessionFilePath: "Write folder.",
  sessionCookieSecure: AT_CREATE_SESSIONS,
  sessionCookieDomain: AT_CREATE_SESSIONS,
  sessionCookiePath: AT_CREATE_SESSIONS,
  sessionCookieSamesite: AT_CREATE_SESSIONS,
};

/** Those that have a value: a type may name the others only to leave them out. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function requireGiven(option: string, engine: Engine, value: unknown): void {
  if (value !== undefined && value !== null) return;
  throw new OptionsError(option, `is what the engine "${engine}" keeps its sessions in.`);
}

function checkPasswordOf(option: string, passwordOf: unknown): void {
  if (typeof passwordOf === "function" || passwordOf === NO_PASSWORDS) return;
  throw new OptionsError(
    option,
    "must be a function that resolves to the field password of a user's row in Django's table, by " +
      `which Django ends sessions when it changes; or the words ${JSON.stringify(NO_PASSWORDS)}.`,
  );
}

function checkText(option: string, value: unknown): void {
  if (value !== undefined) requiredText(option, value);
}

function checkCache(group: string, prefix: unknown = "", version: unknown = 1): void {
  if (typeof prefix !== "string") throw new OptionsError(`${group}.keyPrefix`, "must be a text.");
  if (Number.isSafeInteger(version)) return;
  throw new OptionsError(`${group}.cacheVersion`, "must be a whole number.");
}

function checkTags(option: string, tags: unknown): void {
  if (tags === undefined) return;
  const isObject = typeof tags === "object" && tags !== null;
  const isTag = ([level, tag]: [string, unknown]): boolean =>
    /^\d{1,9}$/.test(level) && typeof tag === "string" && tag !== "";
  if (isObject && Object.entries(tags).every(isTag)) return;
  throw new OptionsError(option, 'must name levels, such as { 50: "critical" }.');
}

const DJANGOS = /^_(?:auth_user_|session_expiry$|messages$|csrftoken$)/;

function checkFactsKey(option: string, key: unknown): void {
  if (typeof key !== "string" || !DJANGOS.test(key)) return;
  throw new OptionsError(option, "must be a key that Django has no use for.");
}
