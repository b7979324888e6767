import { OptionsError } from "./errors.ts";
import type { SessionStore } from "./store.ts";
import { type Identity, recordSecret, type SessionId } from "./token.ts";

/**
 * A store that seals records to their tokens: each call of a request brings it {@link StoreCall.secretOf}.
 * Whoever calls without it is given facts, and no data.
 */
export interface TokenBoundStore extends SessionStore {
  readonly takesSecrets: true;
}

/** Whether the calls of requests are to bring secrets. */
export function takesSecrets(store: SessionStore): store is TokenBoundStore {
  return "takesSecrets" in store && store.takesSecrets === true;
}

/**
 * Refuses a store that asks for secrets where there are none to be had.
 *
 * @throws {@link OptionsError}
 */
export function refuseTokenBound(option: string, store: SessionStore): void {
  if (!takesSecrets(store)) return;
  throw new OptionsError(
    option,
    'this one seals sessions to their tokens, which only requests bring. Leave bindTo: "token" out, ' +
      'or wrap last: encrypted(…, keys, { bindTo: "token" }) around all others.',
  );
}

/**
 * The secrets of the sessions that one request brings or begins, for a store that asks for them. It is
 * gone with the request: nobody else of the process can open what they open.
 */
export class Keychain {
  readonly #manager: string;
  readonly #secrets = new Map<SessionId, string>();

  constructor(manager: string, presented: readonly Identity[] = []) {
    this.#manager = manager;
    for (const identity of presented) this.add(identity);
  }

  add({ id, token }: Identity): void {
    this.#secrets.set(id, recordSecret(token, this.#manager));
  }

  /** A secret that came by another way than the token. */
  addSecret(id: SessionId, secret: string): void {
    this.#secrets.set(id, secret);
  }

  secretOf(id: SessionId): string | undefined {
    return this.#secrets.get(id);
  }
}
