import type { Carrier } from "./carrier.ts";
import type { Policies } from "./clocks.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { Deadline } from "./deadline.ts";
import type { Environment } from "./environment.ts";
import type { Events } from "./events.ts";
import type { Exchange } from "./exchange.ts";
import type { Families } from "./families.ts";
import type { Guard } from "./guards.ts";
import type { Keeper } from "./keeper.ts";
import type { EpochMs } from "./record.ts";
import type { Shape } from "./shape.ts";

/** What the parts of one manager share. */
export interface Engine {
  readonly name: string;
  readonly keeper: Keeper;
  /** As `keeper`, past any copy of a record that a request brings. */
  readonly origin: Keeper;
  readonly families: Families;
  /** Asked in this order whether a session may be opened. */
  readonly guards: readonly Guard[];
  readonly queue: Pick<CommitQueue, "commit">;
  readonly carrier: Carrier;
  readonly shape: Shape;
  readonly policies: Policies;
  readonly environment: Environment;
  readonly events: Events;
  readonly storeTimeoutMs: number;
  readonly maxDataBytes: number;
  /** What a response that read a signed-in session says to caches. */
  readonly cacheControl: "private" | "no-store";
  /** Where records lie. A write to a cookie needs the response's headers, as a new session does. */
  readonly recordsIn: "store" | "cookie";
  /** Where something of the records travels with the request: the engine that holds it. */
  readonly forRequest?: ((exchange: Exchange, isFresh: boolean) => Engine) | undefined;
}

/**
 * The engine for one request.
 *
 * @param isFresh - Whether the store is asked, whatever copy of a record the request brings.
 */
export function engineFor(engine: Engine, exchange: Exchange, isFresh = false): Engine {
  return engine.forRequest === undefined ? engine : engine.forRequest(exchange, isFresh);
}

/** A deadline that starts now. */
export function startDeadline(
  engine: Pick<Engine, "storeTimeoutMs" | "environment">,
  now: EpochMs = engine.environment.now(),
): Deadline {
  return new Deadline(engine.storeTimeoutMs, now);
}
