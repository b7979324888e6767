import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { Readable } from "node:stream";
import { beforeAll, describe, it, vi } from "vitest";
import { type NodeNext, sessionMiddleware } from "../../src/frameworks/node.ts";
import { type AdapterServer, describeAdapter, type ServeRoutes } from "../../src/testing/index.ts";
import { pathOf } from "./support/server.ts";
import { sendByNode } from "./support/server.ts";

/** HTTP/2 on a plain socket, as proxies speak it to what is behind them. */
const serve: ServeRoutes = async (managers, routes): Promise<AdapterServer> => {
  const mounted = managers.map((sessions) => sessionMiddleware(sessions));
  const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const route = routes.find(({ path }) => path === pathOf(req));
    if (route !== undefined) await sendByNode(res, await route.handle({ request: req }));
  };
  const server = createServer((request: Http2ServerRequest, response: Http2ServerResponse) => {
    // The compatibility API is a ServerResponse to everybody but its type.
    const [req, res] = [request, response] as unknown as [IncomingMessage, ServerResponse];
    const handle = mounted.reduceRight<NodeNext>(
      (next, middleware) => () => middleware(req, res, next),
      () => respond(req, res),
    );
    void handle();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(`http://127.0.0.1:${port}`);
  return {
    target: (request) => send(client, request),
    close: () => {
      client.destroy();
      server.close();
    },
  };
};

/** HTTP/1.1's own, which HTTP/2 refuses. */
const OF_CONNECTIONS = ["connection", "host", "transfer-encoding", "keep-alive", "upgrade"];

async function send(client: ClientHttp2Session, request: Request): Promise<Response> {
  const { pathname, search, protocol, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of OF_CONNECTIONS) headers.delete(name);
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", protocol.slice(0, -1));
  if (!headers.has("x-forwarded-host")) headers.set("x-forwarded-host", host);
  const stream = client.request(
    { ...Object.fromEntries(headers), ":path": pathname + search, ":method": request.method },
    { endStream: request.body === null },
  );
  request.signal.addEventListener("abort", () => stream.close());
  if (request.body !== null) Readable.fromWeb(request.body as never).pipe(stream);
  const [answered] = (await once(stream, "response")) as [IncomingHttpHeaders];
  const told = new Headers();
  for (const [name, value] of Object.entries(answered)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const line of [value].flat()) told.append(name, line);
  }
  const status = Number(answered[":status"]);
  const isBare = request.method === "HEAD" || [204, 205, 304].includes(status);
  if (isBare) stream.resume();
  const body = isBare ? null : (Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>);
  // As it came: the constructor knows fewer statuses than servers.
  const response = new Response(body, { headers: told });
  return Object.defineProperty(response, "status", { value: status });
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

describeAdapter("node:http2", serve, {
  runner: { describe, it },
  deviations: {
    "streaming: lets early hints pass while the first byte waits":
      "the suite hears them over HTTP/1.1 alone, see http2.test.ts",
  },
});
