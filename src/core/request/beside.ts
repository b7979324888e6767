import type { Exchange } from "../exchange.ts";
import { addVary, forbidSharing, forbidStoring } from "./caching.ts";

/** What a response is to tell the browser of one cookie beside the session's. */
export interface Parting {
  /** What the browser will hold; `undefined` where it is to forget it. */
  readonly text: string | undefined;
  /** Writes it, now that the headers go. @returns Whether there was a way to send it. */
  leave(exchange: Exchange): boolean;
}

/**
 * The application's own cookies in one request: that they were asked for, and what the response says
 * of them. They leave with the session's, and are dropped with its changes.
 */
export class Beside {
  readonly exchange: Exchange;
  readonly #partings = new Map<string, Parting>();
  #isPrivate = false;
  #hasLeft = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  /** What this request has said already of the cookie in that place. */
  partingOf(place: string): Parting | undefined {
    return this.#partings.get(place);
  }

  /** Takes the place of what was said before of the cookie in that place. */
  part(place: string, parting: Parting): void {
    this.#partings.set(place, parting);
  }

  /** The response shows what one visitor alone may know. */
  keepPrivate(): void {
    this.#isPrivate = true;
  }

  /** The response tells of a failure: nothing of what was to be said is. */
  drop(): void {
    this.#partings.clear();
  }

  /** @param cacheControl - What a response that shows one visitor's own says to caches. */
  leave(cacheControl: "private" | "no-store"): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const { reply } = this.exchange;
    addVary(reply);
    let isSent = false;
    for (const parting of this.#partings.values()) {
      if (parting.leave(this.exchange)) isSent = true;
    }
    // CVE-2023-30861: a cached response would hand one visitor's cookie to the next.
    if (isSent) forbidStoring(reply);
    else if (this.#isPrivate) forbidSharing(reply, cacheControl);
  }
}
