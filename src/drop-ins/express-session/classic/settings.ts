import { pooledRandom } from "../../../core/environment.ts";
import { newSecretText } from "../../../core/token.ts";
import type { ConnectStore } from "../connect-store.ts";
import { Cookie, type CookieOptions } from "../cookie.ts";
import { deprecate } from "../deprecation.ts";
import { MemoryStore } from "../memory-store.ts";
import type { SessionOptions } from "../options.ts";
import { isSecure, type SessionRequest } from "../request.ts";
import type { Secret } from "../signature.ts";
import { SignedIds } from "../signed-ids.ts";

/** As many as express-session takes. */
const ID_BYTES = 24;
const random = pooledRandom();

/** The options, read and checked. */
export interface ClassicSettings {
  readonly name: string;
  readonly store: ConnectStore;
  readonly canTouch: boolean;
  /** Left out, cookie-parser knows the secret. */
  readonly ids: SignedIds | undefined;
  readonly proxy: boolean | undefined;
  readonly resave: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
  readonly destroysUnset: boolean;
  readonly generateId: (request: SessionRequest) => string;
  readonly cookieOptions: (request: SessionRequest) => CookieOptions;
}

/** @throws TypeError for an option that express-session refuses. */
export function readOptions(options: SessionOptions): ClassicSettings {
  const { cookie = {}, genid = randomId, unset, store = new MemoryStore() } = options;
  if (typeof genid !== "function") throw new TypeError("genid option must be a function");
  if (unset && unset !== "destroy" && unset !== "keep") {
    throw new TypeError('unset option must be "destroy" or "keep"');
  }
  warnOfMemory(store);
  return {
    name: options.name || options.key || "connect.sid",
    store,
    canTouch: typeof store.touch === "function",
    ids: readSecrets(options.secret),
    proxy: options.proxy,
    resave: orTrue("resave", options.resave),
    rolling: Boolean(options.rolling),
    saveUninitialized: orTrue("saveUninitialized", options.saveUninitialized),
    destroysUnset: unset === "destroy",
    generateId: genid as unknown as ClassicSettings["generateId"],
    cookieOptions: (typeof cookie === "function"
      ? cookie
      : () => cookie) as unknown as ClassicSettings["cookieOptions"],
  };
}

/** The cookie of a new session. */
export function newCookie(
  settings: Pick<ClassicSettings, "cookieOptions" | "proxy">,
  request: SessionRequest,
): Cookie {
  const options = settings.cookieOptions(request);
  const cookie = new Cookie(options);
  if (options.secure !== "auto" && options.sameSite !== "auto") return cookie;
  const secure = isSecure(request, settings.proxy);
  if (options.secure === "auto") cookie.secure = secure;
  if (options.sameSite === "auto") cookie.sameSite = secure ? "none" : "lax";
  return cookie;
}

/** What the secrets sign; `undefined` where there are none but what cookie-parser knows. */
export function readSecrets(secret: SessionOptions["secret"]): SignedIds | undefined {
  if (Array.isArray(secret) && secret.length === 0) {
    throw new TypeError("secret option array must contain one or more strings");
  }
  if (!secret) {
    deprecate("req.secret; provide secret option");
    return;
  }
  return new SignedIds(Array.isArray(secret) ? secret : [secret as Secret]);
}

function orTrue(name: string, value: boolean | undefined): boolean {
  if (value !== undefined) return Boolean(value);
  deprecate(`undefined ${name} option; provide ${name} option`);
  return true;
}

function randomId(): string {
  return newSecretText(random, ID_BYTES);
}

function warnOfMemory(store: ConnectStore): void {
  if (process.env["NODE_ENV"] !== "production" || !(store instanceof MemoryStore)) return;
  process.emitWarning(
    "express-session's MemoryStore keeps what has expired, and one process alone sees it. Pass a store.",
    "SojournWarning",
  );
}
