import { OptionsError } from "../../core/errors.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { DjangoSessionsOptions, NoPasswords } from "./django-options.ts";

/** Refuses what no engine of Django's can be shared with. @throws {@link OptionsError} */
export function checkDjangoOptions(options: DjangoSessionsOptions): void {
  requireKnownKeys(GROUP, options, Object.values(KNOWN).flat(), ADVICE);
  const engine = oneOf(`${GROUP}.engine`, options.engine, ENGINES) ?? "db";
  requireKnownKeys(GROUP, given(options), [...KNOWN.all, ...KNOWN[engine]], ADVICE);
  for (const option of REQUIRED[engine]) requireGiven(option, Reflect.get(options, option));
  checkSecrets(options);
  oneOf(`${GROUP}.version`, options.version, ["2.2", "3.1", "3.1 sha1", "4.0"]);
  checkPasswordOf(options.passwordOf);
  flag(`${GROUP}.sessionExpireAtBrowserClose`, options.sessionExpireAtBrowserClose);
  flag(`${GROUP}.sessionSaveEveryRequest`, options.sessionSaveEveryRequest);
  for (const option of TEXTS) checkText(option, Reflect.get(options, option));
  checkFactsKey(options.factsKey);
  checkTags(options.messageTags);
}

type Engine = NonNullable<DjangoSessionsOptions["engine"]>;

const GROUP = "djangoSessions";
const ENGINES: readonly Engine[] = ["db", "cache", "cached_db", "file", "signed_cookies"];
const CACHE = ["cache", "keyPrefix", "cacheVersion"];
const KNOWN: Readonly<Record<Engine | "all", readonly string[]>> = {
  all: [
    ...["engine", "secretKey", "secretKeyFallbacks", "version"],
    ...["passwordOf", "passwordFreshness", "authBackend"],
    ...["sessionCookieName", "sessionCookieAge", "sessionExpireAtBrowserClose"],
    ...["sessionSaveEveryRequest", "messageTags", "factsKey", "absoluteTimeout"],
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
const TEXTS = ["sessionCookieName", "authBackend", "table", "folder"];
const NO_PASSWORDS: NoPasswords =
  "none: a session outlives its user's password, and nobody signs in to it here";

const ADVICE: Readonly<Record<string, string>> = {
  secret: "Django's SECRET_KEY is secretKey here.",
  keys: "Django's SECRET_KEY is secretKey here, and SECRET_KEY_FALLBACKS secretKeyFallbacks.",
  sessionEngine: 'SESSION_ENGINE is engine here: its last part, such as "cached_db".',
  sessionFilePath: "SESSION_FILE_PATH is folder here.",
  sessionCookieSecure: "Give cookie to createSessions, beside store.",
  sessionCookieDomain: "Give cookie to createSessions, beside store.",
  sessionCookiePath: "Give cookie to createSessions, beside store.",
  sessionCookieSamesite: "Give cookie to createSessions, beside store.",
};

/** Those that have a value: a type may name the others only to leave them out. */
function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function requireGiven(option: string, value: unknown): void {
  if (value !== undefined && value !== null) return;
  throw new OptionsError(`${GROUP}.${option}`, "is needed for this engine.");
}

function checkSecrets({ secretKey, secretKeyFallbacks = [] }: DjangoSessionsOptions): void {
  if (typeof secretKey !== "string" || secretKey === "") {
    throw new OptionsError(`${GROUP}.secretKey`, "must be the text that is Django's SECRET_KEY.");
  }
  const isList = Array.isArray(secretKeyFallbacks);
  if (isList && secretKeyFallbacks.every((key) => typeof key === "string" && key !== "")) return;
  throw new OptionsError(`${GROUP}.secretKeyFallbacks`, "must be a list of texts.");
}

function checkPasswordOf(passwordOf: unknown): void {
  if (typeof passwordOf === "function" || passwordOf === NO_PASSWORDS) return;
  throw new OptionsError(
    `${GROUP}.passwordOf`,
    "must be a function that resolves to the field password of a user's row in Django's table, by " +
      `which Django ends sessions when it changes; or the words ${JSON.stringify(NO_PASSWORDS)}.`,
  );
}

function checkText(option: string, value: unknown): void {
  if (value === undefined || (typeof value === "string" && value !== "")) return;
  throw new OptionsError(`${GROUP}.${option}`, "must be a text.");
}

function checkFactsKey(factsKey: unknown): void {
  const isOwn = typeof factsKey === "string" && factsKey !== "" && !DJANGOS.test(factsKey);
  if (factsKey === undefined || factsKey === false || isOwn) return;
  throw new OptionsError(
    `${GROUP}.factsKey`,
    "must be a key that Django has no use for, or false.",
  );
}

const DJANGOS = /^_(?:auth_user_|session_expiry$|messages$|csrftoken$)/;

function checkTags(tags: unknown): void {
  if (tags === undefined) return;
  const isObject = typeof tags === "object" && tags !== null;
  const isTag = ([level, tag]: [string, unknown]): boolean =>
    /^\d{1,9}$/.test(level) && typeof tag === "string" && tag !== "";
  if (isObject && Object.entries(tags).every(isTag)) return;
  throw new OptionsError(`${GROUP}.messageTags`, 'must be such as { 50: "critical" }.');
}
