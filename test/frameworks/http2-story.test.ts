import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  createSecureServer,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
} from "node:http2";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type NodeNext, sessionMiddleware } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore } from "../../src/index.ts";
import {
  type AdapterAnswer,
  type AdapterCall,
  type AdapterData,
  type AdapterServer,
  describeAdapter,
  type ServeRoutes,
} from "../../src/testing/index.ts";
import { pathOf, sendByNode } from "./support/server.ts";

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

const folder = mkdtempSync(join(tmpdir(), "sojourn-http2-"));

/** A key and a certificate that nobody but this test believes. */
function certificate(): { readonly key: Buffer; readonly cert: Buffer } {
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const about = ["-keyout", keyFile, "-out", certFile, "-subj", "/CN=localhost", "-days", "2"];
  execFileSync("openssl", ["req", ...kind, ...about], { stdio: "ignore" });
  return { key: readFileSync(keyFile), cert: readFileSync(certFile) };
}

const credentials = certificate();
rmSync(folder, { recursive: true });

/** On a plain socket, as proxies speak it to what is behind them, and as browsers do. */
const SERVERS = [
  ["node:http2", "http", (listener: Listener) => createServer(listener)],
  [
    "node:http2 over TLS, with HTTP/1.1 beside it",
    "https",
    (listener: Listener) => createSecureServer({ ...credentials, allowHTTP1: true }, listener),
  ],
] as const;

type Kind = (typeof SERVERS)[number];

const serveOn = async (
  [, scheme, create]: Kind,
  managers: Parameters<ServeRoutes>[0],
  routes: Parameters<ServeRoutes>[1],
): Promise<AdapterServer & { readonly address: string }> => {
  const mounted = managers.map((sessions) => sessionMiddleware(sessions));
  const respond = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const route = routes.find(({ path }) => path === pathOf(req));
    if (route !== undefined) await sendByNode(res, await route.handle({ request: req }));
  };
  const server = create((request, response) => {
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
  const address = `${scheme}://127.0.0.1:${port}`;
  const client = connect(address, { rejectUnauthorized: false });
  return {
    address,
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
  const told = linesOf(answered);
  const status = Number(answered[":status"]);
  const isBare = request.method === "HEAD" || [204, 205, 304].includes(status);
  if (isBare) stream.resume();
  const body = isBare ? null : (Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>);
  // As it came: the constructor knows fewer statuses than servers.
  const response = new Response(body, { headers: told });
  return Object.defineProperty(response, "status", { value: status });
}

function linesOf(answered: IncomingHttpHeaders): Headers {
  const lines = Object.entries(answered).flatMap(([name, value]) =>
    [value ?? []].flat().map((line): [string, string] => [name, line]),
  );
  return new Headers(lines.filter(([name]) => !name.startsWith(":")));
}

// The errors that the suite throws as an application are printed, as they should be.
beforeAll(() => void vi.spyOn(console, "error").mockReturnValue());

for (const kind of SERVERS) {
  describeAdapter(kind[0], (managers, routes) => serveOn(kind, managers, routes), {
    runner: { describe, it },
    deviations: {
      "streaming: lets early hints pass while the first byte waits":
        "the suite hears them over HTTP/1.1 alone",
      "the framework's own ways: answers requests that come in a row on one connection, each by its own session":
        "HTTP/2 has no row: its streams run side by side",
    },
  });
}

describe("node:http2 with allowHTTP1", () => {
  it("gives who speaks HTTP/1.1 the same session", async () => {
    const sessions = createSessions<AdapterData>({
      store: memoryStore(),
      defaults: { visits: 0, name: "", cart: [] },
    });
    const count = async ({ request }: AdapterCall): Promise<AdapterAnswer> => {
      const session = await sessions.open(request);
      const visits = await session.update("visits", (n) => n + 1);
      return { status: 200, headers: [], body: String(visits) };
    };
    const { address, target, close } = await serveOn(
      SERVERS[1],
      [sessions],
      [{ path: "/count", handle: count }],
    );
    const first = await Object(target)(new Request("https://localhost/count"));
    const [line = ""] = first.headers.getSetCookie();
    expect([line.split("=")[0], await first.text()]).toEqual(["__Host-Http-session", "1"]);
    const sent = get(new URL("/count", address), {
      agent: false,
      rejectUnauthorized: false,
      headers: { cookie: line.split(";", 1)[0] },
    });
    const [answered] = (await once(sent, "response")) as [IncomingMessage];
    expect([answered.httpVersion, await text(answered)]).toEqual(["1.1", "2"]);
    await close?.();
    await sessions.close();
  });
});
