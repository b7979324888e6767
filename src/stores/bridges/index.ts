export { type AsConnectStore, type AsConnectStoreOptions, asConnectStore } from "./as-connect.ts";
export type { BridgedStore } from "./bridge-store.ts";
export { type ConnectStore, type ConnectStoreOptions, connectStore } from "./connect.ts";
export { type KeyvInstance, type KeyvStoreOptions, keyvStore } from "./keyv.ts";
export type { BackendFacts, BridgeOptions } from "./options.ts";
export {
  type BridgedStorage,
  type UnstorageStorage,
  type UnstorageStoreOptions,
  unstorageStore,
} from "./unstorage.ts";
