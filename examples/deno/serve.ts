import { answer } from "./app.ts";

Deno.serve({ port: Number(process.env["PORT"] ?? 3000) }, (request, { remoteAddr }) =>
  answer(request, remoteAddr.hostname),
);
