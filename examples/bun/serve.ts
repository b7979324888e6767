import { answer } from "./app.ts";

Bun.serve({
  port: Number(process.env["PORT"] ?? 3000),
  fetch: (request, server) => answer(request, server.requestIP(request)?.address),
});
