/** What a bridge asks of a backend. Each method rejects where the backend cannot answer. */
export interface Backend {
  /** For errors and the notice, such as "the Keyv". */
  readonly name: string;
  /** The user's object: bridges over the same one take turns. */
  readonly object: object;
  /** Resolves to what was set under the key; `undefined` when nothing is there. */
  get(key: string): Promise<unknown>;
  /** Puts a value, to be kept at least `ttlMs`. */
  set(key: string, value: object, ttlMs: number): Promise<void>;
}

/** A backend whose keys can be listed. */
export interface ListedBackend extends Backend {
  remove(key: string): Promise<void>;
  /** The keys of sessions, and perhaps others. */
  keys(): Promise<readonly string[]>;
}
