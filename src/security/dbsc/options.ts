import { type Duration, durationMs } from "../../core/duration.ts";
import type { Engine } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import { flag, oneOf, requireKnownKeys } from "../../core/option-checks.ts";

/** How sessions are bound to devices. */
export interface DeviceBoundOptions {
  /**
   * Under which path the browser registers and refreshes: what `dbscHandler` or `dbscMiddleware`
   * answers.
   *
   * @defaultValue `"/dbsc"`
   */
  readonly path?: string | undefined;
  /**
   * How long a copied cookie works at the most, and how often a browser proves its key: `"5m"` to
   * `"1h"`. Chromium signs 6 times in 9 minutes at the most, and refreshes two minutes ahead.
   *
   * @defaultValue `"10m"`
   */
  readonly maxAge?: Duration | undefined;
  /**
   * Whether a session that no browser has bound two minutes after its sign-in is refused. It shuts out
   * every browser without Device Bound Session Credentials.
   *
   * @defaultValue `false`
   */
  readonly required?: boolean | undefined;
  /**
   * What becomes of a bound session whose cookie comes without its proof, from where the browser
   * that bound it cannot be at work: `"refuse"` leaves it to its browser, `"revoke"` ends it. A proof
   * that is merely missing ends no session: a browser can lose it.
   *
   * @defaultValue `"refuse"`
   */
  readonly onMissing?: "refuse" | "revoke" | undefined;
  /**
   * The application's own origin, such as `"https://shop.example"`, which proofs are made for. Needed
   * where a proxy changes the `Host` header.
   *
   * @defaultValue `https:` and the request's `Host`
   */
  readonly origin?: string | undefined;
}

/** The options as they are used, and what follows from them. */
export interface Terms {
  readonly registerPath: string;
  readonly refreshPath: string;
  readonly keyPath: string;
  readonly maxAgeMs: number;
  readonly isRequired: boolean;
  readonly onMissing: "refuse" | "revoke";
  readonly origin: string | undefined;
  readonly boundCookie: string;
  readonly triedCookie: string;
}

const MINUTE_MS = 60_000;
const OPTIONS = ["path", "maxAge", "required", "onMissing", "origin"];
const PATH = /^(?:\/[A-Za-z0-9._~-]+)+$/;

/** Checks what can be checked before there is a manager. */
export function resolveTerms(options: DeviceBoundOptions): (engine: Engine) => Terms {
  requireKnownKeys("deviceBound", options, OPTIONS);
  const { path = "/dbsc", maxAge = "10m", required, onMissing, origin } = options;
  if (typeof path !== "string" || !PATH.test(path)) {
    throw new OptionsError(
      "deviceBound.path",
      'must be a path such as "/dbsc", without a "/" at its end.',
    );
  }
  const maxAgeMs = durationMs("deviceBound.maxAge", maxAge);
  if (maxAgeMs < 5 * MINUTE_MS || maxAgeMs > 60 * MINUTE_MS) {
    throw new OptionsError(
      "deviceBound.maxAge",
      'must be from "5m", or browsers run out of proofs, to "1h".',
    );
  }
  const terms = {
    registerPath: `${path}/register`,
    refreshPath: `${path}/refresh`,
    keyPath: `${path}/key`,
    maxAgeMs,
    isRequired: flag("deviceBound.required", required) ?? false,
    onMissing: oneOf("deviceBound.onMissing", onMissing, ["refuse", "revoke"]) ?? "refuse",
    origin: checkedOrigin(origin),
  };
  return ({ name, isHome }) => {
    if (!isHome) {
      throw new OptionsError(
        "protections",
        "deviceBound needs sessions in a store of ours: what a cookie or another framework keeps " +
          'cannot remember a browser\'s key. Write a store such as sqliteStore("sessions.db").',
      );
    }
    // Chromium refuses to bind a session to a `__Host-Http-` cookie.
    return { ...terms, boundCookie: `__Host-${name}-bound`, triedCookie: `__Host-${name}-tried` };
  };
}

function checkedOrigin(origin: unknown): string | undefined {
  if (origin === undefined) return undefined;
  if (
    typeof origin === "string" &&
    origin.startsWith("https://") &&
    URL.parse(origin)?.origin === origin
  ) {
    return origin;
  }
  throw new OptionsError("deviceBound.origin", 'must be an origin such as "https://shop.example".');
}
