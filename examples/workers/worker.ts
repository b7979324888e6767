import { answer } from "./app.ts";

export default {
  // A Worker is told no address of a socket; wrangler dev listens to this machine alone.
  fetch: (request: Request): Promise<Response> =>
    answer(request, process.env["NODE_ENV"] === "development" ? "127.0.0.1" : undefined),
};
