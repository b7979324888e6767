import type { Administration } from "./administration.ts";
import type { Engine } from "./engine.ts";
import type { Exchange } from "./exchange.ts";

/** What is different where records, or copies of them, travel with the requests. */
export interface Travelling {
  readonly recordsIn: Engine["recordsIn"];
  /** The engine for one request, with what it brought. */
  forRequest(engine: Engine, exchange: Exchange, isFresh: boolean): Engine;
  /** What can be done to sessions from outside their requests, where the store does not know them. */
  administration?(engine: Engine): Administration;
}
