import type { Sessions } from "../../../src/core/sessions.ts";
import type { SessionOptions } from "../../../src/create-sessions.ts";
import { createSessions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { WatchedStore } from "../../../src/testing/adapter/watched-store.ts";

export interface Shop {
  name: string;
  visits: number;
}

/** A manager on a watched store of its own, behind a proxy that ends TLS. */
export function shop(options: SessionOptions = {}): {
  readonly sessions: Sessions<Shop>;
  readonly store: WatchedStore;
} {
  const store = new WatchedStore(memoryStore());
  const defaults: Shop = { name: "", visits: 0 };
  const sessions = createSessions<Shop>({ store, trustProxy: "all", ...options, defaults });
  return { sessions, store };
}

/** What a test opened, closed after it by `closeAll`. */
const closers: (() => unknown)[] = [];

export function onClose(close: () => unknown): void {
  closers.push(close);
}

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}
