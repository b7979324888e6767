import { OptionsError } from "../../../core/errors.ts";
import type { Exchange } from "../../../core/exchange.ts";
import { newCookie as newClassicCookie, readSecrets } from "../classic/settings.ts";
import type { Cookie, CookieOptions } from "../cookie.ts";
import type { EngineSessionOptions } from "../options.ts";
import type { SessionRequest } from "../request.ts";
import type { SignedIds } from "../signed-ids.ts";
import { passportUser } from "./passport-user.ts";
import { SessionExchange } from "./session-exchange.ts";

/** The options over a store of ours, read and checked. */
export interface EngineSettings {
  /** The cookie's name. */
  readonly name: string;
  /** Left out, cookie-parser knows the secret. */
  readonly ids: SignedIds | undefined;
  readonly proxy: boolean | undefined;
  readonly rolling: boolean;
  readonly destroysUnset: boolean;
  readonly cookieOptions: (request: SessionRequest) => CookieOptions;
  readonly userIdOf: (data: Readonly<Record<string, unknown>>) => string | undefined;
}

/** @throws {@link OptionsError} for what cannot hold over a store of ours. */
export function readEngineOptions(options: EngineSessionOptions): EngineSettings {
  const { cookie = {}, unset, genid } = options;
  if (genid !== undefined) {
    throw new OptionsError(
      "genid",
      "leave it out: over this store ids come from the secure source of randomness alone.",
    );
  }
  if (unset !== undefined && unset !== "destroy" && unset !== "keep") {
    throw new TypeError('unset option must be "destroy" or "keep"');
  }
  noticeIdle(options);
  return {
    name: options.name || options.key || "connect.sid",
    ids: readSecrets(options.secret),
    proxy: options.proxy,
    rolling: Boolean(options.rolling),
    destroysUnset: unset === "destroy",
    cookieOptions: (typeof cookie === "function"
      ? cookie
      : () => cookie) as unknown as EngineSettings["cookieOptions"],
    userIdOf: (options.sojourn?.userId ?? passportUser) as EngineSettings["userIdOf"],
  };
}

/** The cookie as the options want it, for a request that may be known by its headers alone. */
export function newCookie(settings: EngineSettings, exchange: Exchange): Cookie {
  return newClassicCookie(settings, requestOf(exchange));
}

/** A request as a function of the options sees it. */
export function requestOf(exchange: Exchange): SessionRequest {
  if (exchange instanceof SessionExchange) return exchange.raw;
  const { request } = exchange;
  return { headers: { cookie: request.header("cookie") }, url: request.target } as SessionRequest;
}

/** Says what asks for something that is not done here. */
function noticeIdle({ resave, saveUninitialized }: EngineSessionOptions): void {
  if (resave === true) {
    notice("resave: true does nothing over this store: what has changed is stored, key by key.");
  }
  if (saveUninitialized === true) {
    notice(
      "saveUninitialized: true does nothing over this store: a visitor who stores nothing gets neither record nor cookie.",
    );
  }
}

function notice(sentence: string): void {
  process.emitWarning(`express-session: ${sentence}`, "SojournWarning");
}
