/** What an adapter for another framework is built from: see docs/own.md of the package. */
export type { Exchange, Reply, RequestHead } from "../core/exchange.ts";
export { attach } from "../core/internals.ts";
export type { Visit } from "../core/request/visit.ts";
export { type Fallback, holdReply } from "./port/hold.ts";
export { nodeExchange, plainAnswer } from "./port/node-exchange.ts";
export { type WebExchange, webExchange } from "./port/web-exchange.ts";
export { keep } from "./web.ts";
