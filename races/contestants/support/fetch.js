import { serve } from "@hono/node-server";
import { answer } from "./contract.js";
import { HOST, PORT } from "./node.js";

/** A server of web-standard requests and responses. */
export function serveFetch(fetch) {
  serve({ fetch, port: PORT, hostname: HOST });
}

/** The same in Hono, which adds what its middlewares have set. */
export async function respondInHono(face, c) {
  const { status, body, location } = await answer(face, c.req.method, c.req.url, c);
  return location === undefined ? c.json(body, status) : c.redirect(location, status);
}

/** The answer to a request as a response; `headers` are what the session has to say. */
export async function respond(face, request, context, headers = () => ({})) {
  const { status, body, location } = await answer(face, request.method, request.url, context);
  const all = new Headers(await headers(context));
  if (location !== undefined) {
    all.set("location", location);
    return new Response(null, { status, headers: all });
  }
  return Response.json(body, { status, headers: all });
}
