import { site } from "./site.ts";

// Workers are told no address of a socket; `wrangler dev` listens to this machine alone.
export default {
  fetch: (request: Request, env: object): Promise<Response> =>
    site(request, env, { remoteAddress: "127.0.0.1" }),
};
