import type { APIRoute } from "astro";

export const ALL: APIRoute = async (context) => {
  const { request, url } = context;
  const route = globalThis.suite?.routes.find(({ path }) => path === url.pathname);
  if (route === undefined) return new Response("Not found", { status: 404 });
  const { status, headers, body, by } = await route.handle({ request });
  const location = new Headers(headers).get("location");
  if (by === "redirect" && location !== null) return context.redirect(location, status as 303);
  return new Response(typeof body === "object" ? streamed(body) : (body ?? null), {
    status,
    headers,
  });
};

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
