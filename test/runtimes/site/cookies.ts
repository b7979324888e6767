import { createSessions, memoryStore, type SessionStore, type Sessions } from "sojourn";
import { cookieStore } from "sojourn/cookie";
import type { Shop } from "./shop.ts";

const KEYS = [
  "JyiPwGSfSNfQw7WYI1tqCLeAyXGyKb_jQBWQh-6xMBA",
  "ysl6z_ZR8X5lxv8tu8HPYfygAh2FDyYxMWrJ9XaQH1A",
];

/** Sessions in cookies, made while the module is loaded. */
export const cookieSessions: Sessions<Shop> = createSessions({
  defaults: { visits: 0, theme: "light" } satisfies Shop,
  trustProxy: "all",
  store: cookieStore({ revocations: calledDurable(memoryStore()) }),
  keys: KEYS,
});

/** This process will not restart: a store that every runtime has will do for what has ended. */
function calledDurable(store: SessionStore): SessionStore {
  const profile = { ...store.profile, durability: "crash", eviction: "never" } as const;
  return new Proxy(store, {
    get(target, property) {
      if (property === "profile") return profile;
      const value: unknown = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
