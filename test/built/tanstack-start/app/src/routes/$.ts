import { createFileRoute, redirect } from "@tanstack/react-router";
import { getRequest } from "@tanstack/react-start/server";

export const Route = createFileRoute("/$")({
  server: { handlers: { ANY: ({ request }) => answer(request) } },
});

export async function answer(request: Request): Promise<Response> {
  const route = globalThis.suite.routes.get(new URL(request.url).pathname);
  if (route === undefined) return new Response("Not found", { status: 404 });
  const given = await route.handle({ request, aliases: [getRequest()] });
  const { status, headers, body, by } = given;
  const href = new Headers(headers).get("Location") ?? "";
  if (by === "redirect") throw redirect({ href, statusCode: status });
  if (by === "error") throw Object.assign(new Error("own"), { status });
  const stream = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return new Response(stream as BodyInit | null, { status, headers });
}
