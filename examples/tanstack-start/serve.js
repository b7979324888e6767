import { serve } from "srvx";
import { staticMiddleware } from "srvx/static";
import handler from "./dist/server/server.js";

serve({
  port: Number(process.env.PORT ?? 3000),
  hostname: process.env.HOST ?? "127.0.0.1",
  middleware: [staticMiddleware({ dir: "dist/client" })],
  fetch: (request) => handler.fetch(request),
});
