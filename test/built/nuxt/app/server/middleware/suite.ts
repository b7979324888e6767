import { Readable } from "node:stream";

/** Serves the routes of the suite. */
export default defineEventHandler(async (event) => {
  const suite = suiteOf(event);
  if (suite === undefined) return undefined;
  const [path] = event.path.split("?");
  const route = suite.routes.find((each) => each.path === path);
  if (route === undefined) throw createError({ statusCode: 404 });
  const earlyHints = (link: string): void => event.node.res.writeEarlyHints({ link });
  const call = { request: event, aliases: [event.node.req], earlyHints };
  const { status, headers, body, by } = await route.handle(call);
  if (by === "redirect") {
    return sendRedirect(event, new Headers(headers).get("location") ?? "", status);
  }
  if (by === "error") throw createError({ statusCode: status, message: "Nuxt's own" });
  setResponseStatus(event, status);
  for (const [name, value] of headers) appendResponseHeader(event, name, value);
  return typeof body === "object" ? Readable.from(body) : (body ?? "");
});
