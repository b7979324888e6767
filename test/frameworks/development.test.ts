import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { networkInterfaces } from "node:os";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sessionMiddleware as expressSessions } from "../../src/frameworks/express.ts";
import { sessionMiddleware as honoSessions } from "../../src/frameworks/hono.ts";
import { sessionMiddleware as nodeSessions } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../src/index.ts";
import { listen } from "./support/server.ts";
import { closeAll, onClose } from "./support/shop.ts";

const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await closeAll();
});

const SERVERS: Readonly<Record<string, (sessions: Sessions<Untyped>) => Server>> = {
  node: (sessions) => {
    const withSessions = nodeSessions(sessions);
    return createServer((req, res) =>
      withSessions(req, res, async () => {
        (await sessions.open(req)).set("n", 1);
        res.end("set");
      }),
    );
  },
  Express: (sessions) =>
    createServer(
      express()
        .use(expressSessions(sessions))
        .get("/", async (req, res) => {
          (await sessions.open(req)).set("n", 1);
          res.send("set");
        }),
    ),
  Hono: (sessions) => createAdaptorServer({ fetch: honoApp(sessions).fetch }) as Server,
};

function honoApp(sessions: Sessions<Untyped>): Hono {
  return new Hono().use(honoSessions(sessions)).get("/", async (c) => {
    (await sessions.open(c)).set("n", 1);
    return c.text("set");
  });
}

function serve(framework: string, nodeEnv: string | undefined): Server {
  vi.stubEnv("NODE_ENV", nodeEnv);
  const server = SERVERS[framework]?.(createSessions<Untyped>({ store: memoryStore() }));
  if (server === undefined) throw new Error(framework);
  return server;
}

/** The names of the cookies in the answer to a request that is written byte by byte. */
async function cookiesFor(port: number, ...lines: string[]): Promise<string[]> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text) => {
    answer += text;
  });
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
  await once(socket, "close");
  expect(answer).toContain("200 OK");
  return [...answer.matchAll(/^set-cookie: ([^=]+)=/gim)].map(([, name = ""]) => name);
}

/** Every address that this machine has. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((network) => network ?? []);
  return all.filter(({ family }) => family === "IPv4").map(({ address }) => address);
}

describe.each(Object.keys(SERVERS))("development with %s", (framework) => {
  const port = async (nodeEnv: string | undefined): Promise<number> => {
    const { target, close } = await listen(serve(framework, nodeEnv));
    onClose(() => close?.());
    return Number(new URL(target).port);
  };

  it("without NODE_ENV takes nginx, as it comes, for no browser", async () => {
    const own = await port(undefined);
    const host = "Host: 127.0.0.1:3000";
    expect(await cookiesFor(own, "GET / HTTP/1.1", host, "Connection: close")).toEqual(["session"]);
    expect(await cookiesFor(own, "GET / HTTP/1.0", host, "Connection: close")).toEqual([]);
    expect(await cookiesFor(own, "GET / HTTP/1.0", host)).toEqual([]);
    expect(
      await cookiesFor(own, "GET / HTTP/1.1", host, "Via: 1.1 x", "Connection: close"),
    ).toEqual([]);
    expect(warnings).toHaveLength(2);
  });

  it("by name takes whatever is on this machine", async () => {
    const own = await port("development");
    const host = "Host: 127.0.0.1:3000";
    expect(await cookiesFor(own, "GET / HTTP/1.0", host)).toEqual(["session"]);
    expect(
      await cookiesFor(own, "GET / HTTP/1.1", host, "X-Forwarded-For: ::1", "Connection: close"),
    ).toEqual(["session"]);
    expect(await cookiesFor(own, "GET / HTTP/1.0", "Host: shop.test")).toEqual([]);
  });

  it("by name serves every address of this machine, whatever its network has", async () => {
    const server = serve(framework, "development");
    server.listen(0, "0.0.0.0");
    await once(server, "listening");
    onClose(() => void server.closeAllConnections());
    onClose(() => void server.close());
    const { port } = server.address() as AddressInfo;
    for (const address of ownAddresses()) {
      const response = await fetch(`http://${address}:${port}/`);
      expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=/)]);
    }
    expect(warnings).toEqual([]);
  });
});

describe("development without a socket", () => {
  const ask = async (nodeEnv: string | undefined): Promise<number> => {
    vi.stubEnv("NODE_ENV", nodeEnv);
    const app = honoApp(createSessions<Untyped>({ store: memoryStore() }));
    const response = await app.request("/");
    return response.headers.getSetCookie().length;
  };

  it("by name serves Hono's own requests", async () => {
    expect([await ask("test"), await ask("development")]).toEqual([1, 1]);
    expect(warnings).toEqual([]);
  });

  it("by name serves what has headers alone, as a server action of Next's", async () => {
    vi.stubEnv("NODE_ENV", "development");
    const sessions = createSessions<Untyped>({ store: memoryStore() });
    const host = "localhost:3000";
    const forwarded = { "x-forwarded-host": host, "x-forwarded-for": "::1" };
    const headers = { host, ...forwarded, "x-forwarded-proto": "http" };
    const request = new Request("http://localhost/", { method: "POST", headers });
    const response = await sessions.handle(request, async () => {
      await (await sessions.open(request)).signIn("ada");
      return new Response();
    });
    const [line = ""] = response.headers.getSetCookie();
    expect(line).toMatch(/^session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const [cookie = ""] = line.split(";");
    expect((await sessions.read(new Headers({ cookie })))?.userId).toBe("ada");
  });

  it("is not assumed, and the cure is named", async () => {
    expect(await ask(undefined)).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("set NODE_ENV=development")]);
  });

  it("is not assumed of a web server that tells no address, and is where it tells one", async () => {
    vi.stubEnv("NODE_ENV", undefined);
    const sessions = createSessions<Untyped>({ store: memoryStore() });
    const cookiesOf = async (remoteAddress?: string): Promise<string[]> => {
      const request = new Request("http://localhost:3000/");
      const set = async (): Promise<Response> => {
        (await sessions.open(request)).set("n", 1);
        return new Response();
      };
      return (await sessions.handle(request, set, { remoteAddress })).headers.getSetCookie();
    };
    expect(await cookiesOf()).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /set NODE_ENV=development, or tell the address: sessions\.handle\(request, handler, \{ remoteAddress \}\)/,
      ),
    ]);
    expect(await cookiesOf("127.0.0.1")).toHaveLength(1);
  });
});

describe("production over plain HTTP", () => {
  const warningFor = async (
    trustProxy: string[] | undefined,
    headers: Record<string, string>,
  ): Promise<string | undefined> => {
    vi.stubEnv("NODE_ENV", "production");
    warnings.length = 0;
    const sessions = createSessions<Untyped>({ store: memoryStore(), trustProxy });
    const request = new Request("http://shop.example/", { headers });
    const set = async (): Promise<Response> => {
      (await sessions.open(request)).set("n", 1);
      return new Response();
    };
    await sessions.handle(request, set, { remoteAddress: "127.0.0.1" });
    expect(warnings).toHaveLength(1);
    return warnings[0];
  };

  it.each<[string, Record<string, string>]>([
    ["let it send X-Forwarded-Proto", {}],
    ["send browsers to HTTPS there", { "x-forwarded-proto": "http" }],
  ])("asks for trustProxy where it is not set, and else only to %s", async (cure, headers) => {
    const untrusted = await warningFor(undefined, headers);
    expect(untrusted).toContain(`${cure}, and set trustProxy: ["loopback"]`);
    const trusted = await warningFor(["loopback"], headers);
    expect(trusted).toContain(`${cure}.`);
    expect(trusted).not.toContain("trustProxy");
  });
});
