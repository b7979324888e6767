import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { site } from "./site.ts";

const listener = getRequestListener((request, env) => {
  const { remoteAddress } = env.incoming.socket;
  return site(request, env, remoteAddress === undefined ? {} : { remoteAddress });
});
const server = createServer(listener).listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});
