import type { Policies } from "./clocks.ts";
import { type Duration, durationMs } from "./duration.ts";
import { OptionsError } from "./errors.ts";
import { type Keep, resolveKeep } from "./keeping.ts";
import { requireKnownKeys } from "./option-checks.ts";
import type { Policy } from "./record.ts";
import type { CrossSite } from "./request/cross-site.ts";
import { resolveShape, type Shape, type ShapeOptions } from "./shape.ts";

/** Two timeouts. */
export interface Timeouts {
  /** Ends a session that nobody uses. */
  readonly idleTimeout?: Duration | undefined;
  /** Ends a session, used or not. */
  readonly absoluteTimeout?: Duration | undefined;
}

/** How long sessions live, what they hold, and how the store is asked. */
export interface EngineOptions {
  /**
   * Names the cookie, and keeps two managers on one store apart.
   *
   * @defaultValue `"session"`
   */
  readonly name?: string | undefined;
  /**
   * Ends a session that nobody uses, judged when it is opened. Activity is written down at most
   * once in a tenth of it, so it may end that much early, never late (OWASP ASVS 5.0, 7.3.1).
   *
   * @defaultValue `"30m"`, or the absolute timeout where that is shorter
   */
  readonly idleTimeout?: Duration | undefined;
  /**
   * Ends a session, used or not, this long after it began or its user signed in (OWASP ASVS 5.0,
   * 7.3.2; the defaults are inside NIST SP 800-63B-4 AAL2).
   *
   * @defaultValue `"12h"`
   */
  readonly absoluteTimeout?: Duration | undefined;
  /**
   * The timeouts of those who asked to be remembered. A single duration is both: `"31d"` remembers
   * for 31 days from the sign-in, used or not. With `false` nobody is: to ask for it is an error
   * (NIST SP 800-63B-4, 5.1: session secrets should not be persistent).
   *
   * @defaultValue `{ idleTimeout: "14d", absoluteTimeout: "90d" }`
   */
  readonly persistent?: Duration | Timeouts | false | undefined;
  /**
   * The timeouts before sign-in. A single duration is both.
   *
   * @defaultValue as for those who are signed in
   */
  readonly anonymous?: Duration | Timeouts | undefined;
  /**
   * The longest timeouts that `signIn` may ask for (`idleTimeout`, `absoluteTimeout`, `endsAt`), be
   * they longer than those above. A single duration is both.
   *
   * @defaultValue none: a sign-in may only shorten its timeouts
   */
  readonly longest?: Duration | Timeouts | undefined;
  /**
   * What a visitor who signs in takes along of what they had before, where `signIn` itself does not say:
   * `"none"`, the keys of a list, or `"all"`.
   *
   * @defaultValue all but what belongs to one login by its name, such as `csrfToken`, `oauthState`,
   * `nonce`, `otp` or `returnTo` (CVE-2022-35943 and its kin)
   */
  readonly keepAtSignIn?: "all" | "none" | readonly string[] | undefined;
  /**
   * How long a request waits for the store before it fails with a {@link StoreError}.
   *
   * @defaultValue `"5s"`
   */
  readonly storeTimeout?: Duration | undefined;
  /**
   * The most that the data of one session may take as JSON, in bytes.
   *
   * @defaultValue 262144 (256 KiB)
   */
  readonly maxDataBytes?: number | undefined;
  /**
   * What a response that read a signed-in session says in `Cache-Control`. What the application says
   * to the visitor's own browser stays (`private, max-age=60`); what would let shared caches keep
   * the page does not, nor does `CDN-Cache-Control` and the like. A response that sends a cookie
   * always says `no-store`.
   *
   * @defaultValue `"private"`
   */
  readonly cacheControl?: "private" | "no-store" | undefined;
  /**
   * What becomes of a request that another site's page sends in the visitor's name (CSRF; OWASP ASVS
   * 5.0, 3.5.1). By default it opens no session: whatever is not GET, HEAD, OPTIONS or TRACE, and a
   * WebSocket, is refused with a {@link CrossSiteError} (403) where `Sec-Fetch-Site`, or `Origin` in
   * older browsers, tells of another origin. `{ trustedOrigins }` names those that are yours; `"allow"`
   * is for whoever checks it elsewhere.
   *
   * @defaultValue `"refuse"`
   */
  readonly crossSite?: CrossSite | undefined;
}

/** The options, checked and with every default filled in. */
export interface EngineSettings {
  readonly name: string;
  readonly policies: Policies;
  readonly storeTimeoutMs: number;
  readonly maxDataBytes: number;
  readonly keepAtSignIn: Keep;
  readonly cacheControl: "private" | "no-store";
  readonly crossSite: CrossSite | undefined;
  readonly shape: Shape;
}

type Durations = Readonly<Record<keyof Timeouts, Duration>>;

const SIGNED_IN: Durations = { idleTimeout: "30m", absoluteTimeout: "12h" };
const REMEMBERED: Durations = { idleTimeout: "14d", absoluteTimeout: "90d" };
const DEFAULT_MAX_DATA_BYTES = 262_144;

/**
 * Checks the options.
 *
 * @throws {@link OptionsError} naming the option and what to write instead.
 */
export function resolveSettings(options: EngineOptions & ShapeOptions): EngineSettings {
  const { name = "session", storeTimeout = "5s", cacheControl = "private" } = options;
  const { maxDataBytes = DEFAULT_MAX_DATA_BYTES } = options;
  if (!Number.isSafeInteger(maxDataBytes) || maxDataBytes <= 0) {
    throw new OptionsError("maxDataBytes", "it must be a number of bytes, such as 262144.");
  }
  if (cacheControl !== "private" && cacheControl !== "no-store") {
    throw new OptionsError("cacheControl", 'it must be "private" or "no-store".');
  }
  return {
    name,
    policies: resolvePolicies(options),
    storeTimeoutMs: durationMs("storeTimeout", storeTimeout),
    maxDataBytes,
    keepAtSignIn: resolveKeep(options.keepAtSignIn),
    cacheControl,
    crossSite: options.crossSite,
    shape: resolveShape(options),
  };
}

function resolvePolicies(options: EngineOptions): Policies {
  const remembersNobody = options.persistent === false;
  const anonymous = timeoutsOf("anonymous", options.anonymous);
  const { idleTimeout = SIGNED_IN.idleTimeout, absoluteTimeout = SIGNED_IN.absoluteTimeout } =
    options;
  const signedIn = resolvePolicy("", options, SIGNED_IN);
  return {
    signedIn,
    persistent: remembersNobody ? signedIn : resolveRemembered(options.persistent),
    remembersNobody: remembersNobody || undefined,
    anonymous: resolvePolicy("anonymous.", anonymous, { idleTimeout, absoluteTimeout }),
    longest: options.longest === undefined ? undefined : resolveLongest(options.longest),
  };
}

function resolveRemembered(given: Exclude<EngineOptions["persistent"], false>): Policy {
  return resolvePolicy("persistent.", timeoutsOf("persistent", given), REMEMBERED);
}

/** Whoever names one of them leaves the other open. */
function resolveLongest(given: Duration | Timeouts): Policy {
  const { idleTimeout, absoluteTimeout } = timeoutsOf("longest", given);
  if (absoluteTimeout === undefined) {
    throw new OptionsError("longest", 'it needs an absoluteTimeout, such as "31d".');
  }
  const longest = { absoluteTimeout, idleTimeout: idleTimeout ?? absoluteTimeout };
  return resolvePolicy("longest.", longest, longest);
}

/** A single duration is both: what ends at a fixed time needs no idle clock. */
function timeoutsOf(option: string, given: Duration | Timeouts | undefined): Timeouts {
  if (given === undefined) return {};
  if (typeof given === "string" || typeof given === "number") {
    const timeout = durationMs(option, given);
    return { idleTimeout: timeout, absoluteTimeout: timeout };
  }
  if (typeof given !== "object" || given === null) {
    throw new OptionsError(
      option,
      'it must be a duration such as "31d", or { idleTimeout: "14d", absoluteTimeout: "90d" }.',
    );
  }
  requireKnownKeys(option, given, ["idleTimeout", "absoluteTimeout"]);
  return given;
}

function resolvePolicy(group: string, given: Timeouts, defaults: Durations): Policy {
  const { idleTimeout, absoluteTimeout = defaults.absoluteTimeout } = given;
  const absoluteTimeoutMs = durationMs(`${group}absoluteTimeout`, absoluteTimeout);
  // Only what was written down can contradict the absolute timeout.
  if (idleTimeout === undefined) {
    const idleTimeoutMs = durationMs(`${group}idleTimeout`, defaults.idleTimeout);
    return { idleTimeoutMs: Math.min(idleTimeoutMs, absoluteTimeoutMs), absoluteTimeoutMs };
  }
  const idleTimeoutMs = durationMs(`${group}idleTimeout`, idleTimeout);
  if (idleTimeoutMs <= absoluteTimeoutMs) return { idleTimeoutMs, absoluteTimeoutMs };
  const origin = given.absoluteTimeout === undefined ? " unless you set it" : "";
  const [idle, absolute] = [idleTimeout, absoluteTimeout].map((value) => JSON.stringify(value));
  throw new OptionsError(
    `${group}idleTimeout`,
    `${idle} is longer than ${group}absoluteTimeout, which is ${absolute}${origin} and would ` +
      `always end the session first. Write ${group}absoluteTimeout: ${idle} as well, or longer.`,
  );
}
