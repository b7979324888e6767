import type { Identity } from "../../../core/passage.ts";
import type { SessionStore } from "../../../core/store.ts";
import type { Cookie } from "../cookie.ts";

/** A store that keeps sessions by their tokens, beside one that keeps them by their ids. */
export interface KnowsTokens {
  /**
   * Takes note of a session's token, as a request brings it, or before it is given to one.
   *
   * @param cookie - As a session has it whose visitor has none of their own.
   */
  know(identity: Identity, manager: string, cookie: Cookie): void;
}

export function knowsTokens(store: SessionStore): store is SessionStore & KnowsTokens {
  return "know" in store && typeof store.know === "function";
}
