/** What an adapter for another framework is built from: see docs/own.md of the package. */
export type { Exchange, Reply, RequestHead } from "../core/exchange.ts";
export { attach, attachInner, enclose } from "../core/internals.ts";
export type { Visit } from "../core/request/visit.ts";
export { attachNode } from "./port/attach-node.ts";
export { type Fallback, holdReply } from "./port/hold.ts";
export { nodeExchange, plainAnswer } from "./port/node-exchange.ts";
export { type Serving, serve } from "./port/serve.ts";
export { type WebExchange, webExchange } from "./port/web-exchange.ts";
export { keep, keepThrown } from "./port/web-reply.ts";
