import type { Policies } from "./clocks.ts";
import { type Duration, durationMs } from "./duration.ts";
import { OptionsError } from "./errors.ts";
import { requireKnownKeys } from "./option-checks.ts";
import type { Policy } from "./record.ts";
import { resolveShape, type Shape, type ShapeOptions } from "./shape.ts";

/** Two timeouts. */
export interface Timeouts {
  /** Ends a session that nobody uses. */
  readonly idleTimeout?: Duration;
  /** Ends a session, used or not. */
  readonly absoluteTimeout?: Duration;
}

/** How long sessions live, what they hold, and how the store is asked. */
export interface EngineOptions {
  /**
   * Names the cookie, and keeps two managers on one store apart.
   *
   * @defaultValue `"session"`
   */
  readonly name?: string;
  /**
   * Ends a session that nobody uses, judged when it is opened. Activity is written down at most
   * once in a tenth of it, so it may end that much early, never late (OWASP ASVS 5.0, 7.3.1).
   *
   * @defaultValue `"30m"`
   */
  readonly idleTimeout?: Duration;
  /**
   * Ends a session, used or not, this long after it began or its user signed in (OWASP ASVS 5.0,
   * 7.3.2; the defaults are inside NIST SP 800-63B-4 AAL2).
   *
   * @defaultValue `"12h"`
   */
  readonly absoluteTimeout?: Duration;
  /**
   * The timeouts of those who asked to be remembered.
   *
   * @defaultValue `{ idleTimeout: "14d", absoluteTimeout: "90d" }`
   */
  readonly persistent?: Timeouts;
  /**
   * The timeouts before sign-in.
   *
   * @defaultValue as for those who are signed in
   */
  readonly anonymous?: Timeouts;
  /**
   * How long a request waits for the store before it fails with a {@link StoreError}.
   *
   * @defaultValue `"5s"`
   */
  readonly storeTimeout?: Duration;
  /**
   * The most that the data of one session may take as JSON, in bytes.
   *
   * @defaultValue 262144 (256 KiB)
   */
  readonly maxDataBytes?: number;
  /**
   * What a response that read a signed-in session says in `Cache-Control`. What the application says
   * to the visitor's own browser stays (`private, max-age=60`); what would let shared caches keep
   * the page does not, nor does `CDN-Cache-Control` and the like. A response that sends a cookie
   * always says `no-store`.
   *
   * @defaultValue `"private"`
   */
  readonly cacheControl?: "private" | "no-store";
}

/** The options, checked and with every default filled in. */
export interface EngineSettings {
  readonly name: string;
  readonly policies: Policies;
  readonly storeTimeoutMs: number;
  readonly maxDataBytes: number;
  readonly cacheControl: "private" | "no-store";
  readonly shape: Shape;
}

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
    cacheControl,
    shape: resolveShape(options),
  };
}

function resolvePolicies(options: EngineOptions): Policies {
  const signedIn = resolvePolicy("", options, { idleTimeout: "30m", absoluteTimeout: "12h" });
  return {
    signedIn,
    persistent: resolvePolicy("persistent.", options.persistent, {
      idleTimeout: "14d",
      absoluteTimeout: "90d",
    }),
    anonymous: resolvePolicy("anonymous.", options.anonymous, {
      idleTimeout: signedIn.idleTimeoutMs,
      absoluteTimeout: signedIn.absoluteTimeoutMs,
    }),
  };
}

function resolvePolicy(
  group: string,
  given: Timeouts | undefined,
  defaults: Required<Timeouts>,
): Policy {
  if (given !== undefined && group !== "") {
    requireKnownKeys(group.slice(0, -1), given, ["idleTimeout", "absoluteTimeout"]);
  }
  const { idleTimeout = defaults.idleTimeout, absoluteTimeout = defaults.absoluteTimeout } =
    given ?? {};
  const idleTimeoutMs = durationMs(`${group}idleTimeout`, idleTimeout);
  const absoluteTimeoutMs = durationMs(`${group}absoluteTimeout`, absoluteTimeout);
  if (idleTimeoutMs > absoluteTimeoutMs) {
    throw new OptionsError(
      `${group}idleTimeout`,
      `it must not exceed ${group}absoluteTimeout, which would always end the session first.`,
    );
  }
  return { idleTimeoutMs, absoluteTimeoutMs };
}
