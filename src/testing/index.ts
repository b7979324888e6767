export {
  type AdapterAnswer,
  type AdapterCall,
  type AdapterData,
  type AdapterRoute,
  type AdapterServer,
  type DescribeAdapterOptions,
  describeAdapter,
  type ServeRoutes,
} from "./adapter.ts";
export {
  type BodilessRequest,
  type TestClient,
  type TestClientOptions,
  testClient,
} from "./client.ts";
export { type TestClock, testClock } from "./clock.ts";
export { type CookiePair, type IssuedCookie, type IssueOptions, issue } from "./issue.ts";
export type { RefusedCookie, TestCookie } from "./jar.ts";
export type { TestRequest } from "./request.ts";
export type { TestRunner } from "./runner.ts";
export {
  type DescribeStoreOptions,
  describeStore,
  type OpenStore,
  type StoreUnderTest,
} from "./store.ts";
export type { TestTarget } from "./target.ts";
