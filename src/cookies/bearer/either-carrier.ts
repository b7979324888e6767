import type { Exchange, RequestHead } from "../../core/exchange.ts";
import type { Carrier, Passage } from "../../core/passage.ts";
import type { Home } from "../../core/records.ts";
import type { BearerCarrier } from "./bearer-carrier.ts";

/** Carries the sessions of whoever sends a token's header in headers, and all others' in cookies. */
export class EitherCarrier implements Carrier {
  readonly vary: readonly string[];
  readonly #cookies: Carrier;
  readonly #bearer: BearerCarrier;

  constructor(cookies: Carrier, bearer: BearerCarrier) {
    this.#cookies = cookies;
    this.#bearer = bearer;
    this.vary = ["Cookie", ...bearer.vary];
  }

  arrive(exchange: Exchange, home: Home, isFresh: boolean): Passage {
    // By the header's being there, whatever is in it: a mistyped token must not become the session of
    // a cookie, nor the session of a cookie be told to a script in a header that it can read.
    if (this.#bearer.isMeant(exchange.request)) return this.#bearer.arrive(exchange, home);
    return this.#cookies.arrive(exchange, home, isFresh);
  }

  mayArrive(request: RequestHead): boolean {
    if (this.#bearer.isMeant(request)) return this.#bearer.mayArrive(request);
    return this.#cookies.mayArrive?.(request) ?? true;
  }

  isMeant(request: RequestHead): boolean {
    return this.#bearer.isMeant(request);
  }

  prepare(): void {
    this.#cookies.prepare?.();
  }
}
