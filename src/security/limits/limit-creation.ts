import { networkOf } from "../../core/client-address.ts";
import type { Engine, Protection } from "../../core/engine.ts";
import { OptionsError, StoreError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { behind } from "../../core/request/behind.ts";
import { RateLimitError } from "./errors.ts";

/** What a request says of its client, where that is not the address of its connection. */
export type ClientRequest = Pick<RequestHead, "header" | "remoteAddress">;

/** Who counts, and by what. */
export interface LimitCreationOptions {
  /**
   * Counts one more for a key, and rejects where that is too much, with an object that may say in
   * `msBeforeNext` for how long: what a limiter of rate-limiter-flexible does. A rejection with an
   * `Error` means that it cannot count: then the request fails with 503.
   */
  readonly consume: (key: string) => Promise<unknown>;
  /**
   * Who a client is. It is asked before anything is known of the visitor.
   *
   * @defaultValue the address of the connection, or what the proxies of `trustProxy` say it is: an
   * IPv4 address, or the /64 network of an IPv6 address
   */
  readonly client?: ((request: ClientRequest) => string | undefined) | undefined;
}

/** A protection that also counts what the application says is an attempt. */
export interface CreationLimit extends Protection {
  /**
   * Counts an attempt to sign in. Call it before the password is looked at.
   *
   * @throws {@link RateLimitError} where the client has tried too often.
   * @example
   * import { createSessions, memoryStore } from "sojourn";
   * import { limitCreation } from "sojourn/limits";
   * import { RateLimiterMemory } from "rate-limiter-flexible";
   *
   * const limiter = new RateLimiterMemory({ points: 10, duration: 60 });
   * const limit = limitCreation({ consume: (key) => limiter.consume(key) });
   * const sessions = createSessions({ store: memoryStore(), protections: [limit] });
   *
   * export async function logIn(request: Request): Promise<void> {
   *   const session = await sessions.open(request);
   *   await limit.attempt(session);
   * }
   */
  attempt(session: object): Promise<void>;
}

/**
 * Limits how many sessions a client begins, and how often it tries to sign in, by a limiter of the
 * application's. A visitor who has a session costs it nothing, one who stores nothing neither: it is
 * asked when a new session would be stored. Two kinds of key are counted, `begin:` and `signIn:` with
 * the client behind it.
 *
 * @throws {@link OptionsError} if an option is wrong, and later where a request has no address and
 * `client` tells none.
 * @example
 * import { createSessions } from "sojourn";
 * import { limitCreation } from "sojourn/limits";
 * import { RateLimiterMemory } from "rate-limiter-flexible";
 *
 * const limiter = new RateLimiterMemory({ points: 60, duration: 60 });
 * const limit = limitCreation({ consume: (key) => limiter.consume(key) });
 * const sessions = createSessions({ protections: [limit], trustProxy: ["loopback"] });
 */
export function limitCreation(options: LimitCreationOptions): CreationLimit {
  requireKnownKeys("limitCreation", options, ["consume", "client"]);
  for (const [option, given] of Object.entries(options)) {
    if (typeof given === "function" || (option === "client" && given === undefined)) continue;
    throw new OptionsError(`limitCreation.${option}`, "must be a function.");
  }
  if (options.consume === undefined) {
    throw new OptionsError("limitCreation.consume", "must be a function that counts one more.");
  }
  return {
    name: "limitCreation",
    protect: () => ({
      creating: ({ engine, request }) => consume(options, "begin", engine, request),
    }),
    async attempt(session) {
      const { engine, state } = behind(session, "limit.attempt(session)");
      await consume(options, "signIn", engine, state.request).catch((error: unknown) => {
        throw state.failures.told(error);
      });
    },
  };
}

async function consume(
  options: LimitCreationOptions,
  attempt: "begin" | "signIn",
  { environment, events }: Engine,
  request: RequestHead,
): Promise<void> {
  const { remoteAddress } = request;
  const header = (name: string): string | undefined => request.header(name);
  const client =
    options.client?.({ header, remoteAddress }) ?? clientOf(environment.clientOf?.(request));
  try {
    await options.consume(`${attempt}:${client}`);
  } catch (rejection) {
    if (rejection instanceof Error) {
      const detail = "the limiter of limitCreation could not count";
      throw new StoreError("create", "failed", detail, { cause: rejection });
    }
    events.emit("throttled", { at: environment.now(), client, attempt }, request);
    throw new RateLimitError(attempt, secondsIn(rejection));
  }
}

function clientOf(address: string | undefined): string {
  if (address !== undefined) return networkOf(address, 32);
  throw new OptionsError(
    "limitCreation.client",
    "nothing is known of the client's address. Pass remoteAddress to sessions.handle, or write a " +
      "client that tells who it is.",
  );
}

function secondsIn(rejection: unknown): number | undefined {
  const { msBeforeNext } = Object(rejection) as { readonly msBeforeNext?: unknown };
  if (typeof msBeforeNext !== "number" || !Number.isFinite(msBeforeNext)) return undefined;
  return Math.max(1, Math.ceil(msBeforeNext / 1_000));
}
