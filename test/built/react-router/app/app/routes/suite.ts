import { data, redirect } from "react-router";
import type { Route } from "./+types/suite";

export async function loader({ request, context }: Route.LoaderArgs) {
  const { pathname } = new URL(request.url);
  const route = globalThis.suite.routes.get(pathname);
  if (route === undefined) return new Response("Not found", { status: 404 });
  const answer = await route.handle({ request: context, aliases: [request] });
  const { status, headers, body, by } = answer;
  if (by === "redirect") throw redirect(new Headers(headers).get("Location") ?? "", status);
  if (by === "error") throw data(body, { status });
  const stream = typeof body === "object" ? ReadableStream.from(body) : (body ?? null);
  return new Response(stream as BodyInit | null, { status, headers });
}

export const action = loader;
