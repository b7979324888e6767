/**
 * A client that answers with promises, as far as the store uses one: a `MemcacheClient` of
 * `memcache-client`, or another that behaves like it.
 */
export interface PromiseMemcachedClient {
  /** What it was made with. `server` tells how many servers it spreads over. */
  readonly options: { readonly server: unknown };
  gets(key: string): Promise<unknown>;
  add(key: string, value: string, options: { lifetime: number }): Promise<unknown>;
  cas(key: string, value: string, options: { lifetime: number; casUniq: string }): Promise<unknown>;
}

/** What a callback client calls when it has an answer. */
export type MemcachedCallback = (error: unknown, answer: unknown) => void;

/**
 * A client that answers by callback, as far as the store uses one: a `Memcached` of `memcached`,
 * or another that behaves like it.
 */
export interface CallbackMemcachedClient {
  gets(key: string, callback: MemcachedCallback): void;
  add(key: string, value: string, lifetime: number, callback: MemcachedCallback): void;
  cas(key: string, value: string, cas: string, lifetime: number, callback: MemcachedCallback): void;
}

/** A Memcached client of one of the two supported packages. */
export type MemcachedClient = PromiseMemcachedClient | CallbackMemcachedClient;
