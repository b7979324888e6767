import type { Carrier } from "./carrier.ts";
import type { Policies } from "./clocks.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { Deadline } from "./deadline.ts";
import type { Environment } from "./environment.ts";
import type { Events } from "./events.ts";
import type { Keeper } from "./keeper.ts";
import type { Shape } from "./shape.ts";

/** What the parts of one manager share. */
export interface Engine {
  readonly name: string;
  readonly keeper: Keeper;
  readonly queue: CommitQueue;
  readonly carrier: Carrier;
  readonly shape: Shape;
  readonly policies: Policies;
  readonly environment: Environment;
  readonly events: Events;
  readonly storeTimeoutMs: number;
  readonly maxDataBytes: number;
  /** What a response that read a signed-in session says to caches. */
  readonly cacheControl: "private" | "no-store";
}

/** A deadline that starts now. */
export function startDeadline(engine: Pick<Engine, "storeTimeoutMs" | "environment">): Deadline {
  return new Deadline(engine.storeTimeoutMs, engine.environment.now());
}
