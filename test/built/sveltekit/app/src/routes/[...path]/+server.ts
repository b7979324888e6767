import { error, type RequestHandler, redirect } from "@sveltejs/kit";

export const fallback: RequestHandler = async ({ request, url }) => {
  const route = globalThis.suite.routes.find(({ path }) => path === url.pathname);
  if (route === undefined) error(404);
  const { status, headers, body, by } = await route.handle({ request });
  if (by === "redirect") redirect(status as 303, String(new Headers(headers).get("location")));
  if (by === "error") error(status, "As SvelteKit says it");
  return new Response(typeof body === "object" ? streamed(body) : (body ?? null), {
    status,
    headers,
  });
};

export const HEAD = fallback;
export const GET = fallback;
export const POST = fallback;

/** The types of the DOM know no `ReadableStream.from`. */
function streamed(pieces: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
