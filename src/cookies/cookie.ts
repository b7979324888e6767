export type { Key, KeyList, Keys } from "../sealing/key-ring.ts";
export {
  type SealingOptions,
  type SealOptions,
  seal,
  sign,
  unseal,
  unsign,
} from "../sealing/values.ts";
export { type CookieCacheOptions, cookieCache } from "./cookie-cache/index.ts";
export {
  type CookieStoreOptions,
  cookieStore,
  type NoRevocations,
} from "./cookie-store/index.ts";
export type { CookieStore } from "./mount.ts";
