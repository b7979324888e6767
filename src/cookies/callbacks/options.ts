import { type Duration, durationMs } from "../../core/duration.ts";
import { CodecError, OptionsError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { Session } from "../../core/session.ts";

/** What a visitor begins who goes elsewhere and is sent back. */
export interface BeginCallbackOptions {
  /** What it is for, such as `"saml"`: what was begun for one purpose finishes no other. */
  readonly purpose: string;
  /**
   * What is wanted at the end: the id of the request, a PKCE verifier, a nonce, a path to go on to. It lies
   * in the store, as JSON, and does not travel. @defaultValue `{}`
   */
  readonly data?: JsonObject | undefined;
  /** How long the visitor may be away, at most `"1h"`. @defaultValue `"10m"` */
  readonly ttl?: Duration | undefined;
}

/** How to finish it. */
export interface FinishCallbackOptions {
  /** As it was said when it began. */
  readonly purpose: string;
  /**
   * What becomes of a visitor who comes back in another browser, as with a link in a mail: it is
   * `"refuse"`d and not used up, or `"accept"`ed where a page of the application has asked and the visitor
   * has said so by its form (a POST of the same origin). The session of the browser that has begun stays
   * there.
   *
   * @defaultValue `"refuse"`
   */
  readonly otherBrowser?: "refuse" | "accept" | undefined;
}

/** Why nothing was finished. The visitor is told none of it. */
export type CallbackRefusal =
  /** Not of a state's form; never reached the store. */
  | "malformed"
  /** Of the right form, but nothing stands under it; another manager's, for one. */
  | "unknown"
  /** Finished before: two clicks, or somebody else has it. */
  | "used"
  /** Its `ttl` is over. */
  | "expired"
  /** Begun for something else. */
  | "purpose"
  /** Begun in another browser: it was opened elsewhere, or somebody has planted it (login CSRF). */
  | "otherBrowser";

/** What has become of it: the visitor's session and what was wanted at the end, or why there is none. */
export type FinishedCallback<D extends object> =
  | { readonly ok: true; readonly session: Session<D>; readonly data: JsonObject }
  | { readonly ok: false; readonly reason: CallbackRefusal };

/** What is asked to begin. */
export interface Beginning {
  readonly purpose: string;
  readonly data: JsonObject;
  readonly ttlMs: number;
}

const DEFAULT_TTL_MS = 600_000;
const MAX_TTL_MS = 3_600_000;
const MAX_DATA_LENGTH = 16_384;
const MAX_PURPOSE_LENGTH = 255;

/** @throws {@link OptionsError} naming the option, {@link CodecError} for data that is no JSON object. */
export function checkedBeginning(options: BeginCallbackOptions): Beginning {
  requireKnownKeys("beginCallback", options, ["purpose", "data", "ttl"]);
  const { purpose, data = {}, ttl } = options;
  checkPurpose("beginCallback(purpose)", purpose);
  const ttlMs = ttl === undefined ? DEFAULT_TTL_MS : durationMs("beginCallback(ttl)", ttl);
  if (ttlMs > MAX_TTL_MS) throw new OptionsError("beginCallback(ttl)", 'must not exceed "1h".');
  return { purpose, data: copied(data), ttlMs };
}

/** @throws {@link OptionsError} naming the option. */
export function checkFinishing(options: FinishCallbackOptions): void {
  requireKnownKeys("finishCallback", options, ["purpose", "otherBrowser"]);
  checkPurpose("finishCallback(purpose)", options.purpose);
  oneOf("finishCallback(otherBrowser)", options.otherBrowser, ["refuse", "accept"]);
}

function checkPurpose(option: string, purpose: unknown): void {
  const isUsable =
    typeof purpose === "string" &&
    purpose !== "" &&
    purpose.length <= MAX_PURPOSE_LENGTH &&
    purpose.isWellFormed();
  if (isUsable) return;
  throw new OptionsError(
    option,
    `must say what it is for, in 1 to ${MAX_PURPOSE_LENGTH} characters, such as "saml".`,
  );
}

/** As the store will give it back. */
function copied(data: JsonObject): JsonObject {
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new OptionsError("beginCallback(data)", "must be an object of what JSON carries.");
  }
  const text = JSON.stringify(data);
  if (text.length > MAX_DATA_LENGTH) {
    throw new CodecError("data", `it is longer than ${MAX_DATA_LENGTH} characters as JSON.`);
  }
  return JSON.parse(text);
}
