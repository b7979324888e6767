import { afterEach, describe, expect, it, vi } from "vitest";
import { HeadersSentError, StoreError } from "../../src/core/errors.ts";
import { createSessions } from "../../src/create-sessions.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { testClient } from "../../src/testing/index.ts";
import { closeAll, shop } from "./support/shop.ts";

afterEach(closeAll);

describe("sessions.handle", () => {
  it("knows a request that the handler has wrapped anew, by its session or by its word", async () => {
    const { sessions, store } = shop();
    const client = testClient((request) =>
      sessions.handle(request, async (given) => {
        const session = await sessions.open(given);
        const copy = new Request(given, { headers: given.headers });
        const again = await sessions.open(session.isNew ? sessions.alias(given, copy) : copy);
        session.set("name", "Ada");
        return Response.json(again === session);
      }),
    );
    expect(await (await client.get("/")).json()).toBe(true);
    expect(await (await client.get("/")).json()).toBe(true);
    expect(store.calls).toEqual(["create", "load"]);
  });

  it("leaves what an inner one answers to the outer one, which may go on", async () => {
    const { sessions } = shop();
    const client = testClient((request) =>
      sessions.handle(request, async (given) => {
        const answer = await sessions.handle(given, async (inner) => {
          (await sessions.open(inner)).set("name", "Ada");
          return new Response("inner");
        });
        const session = await sessions.open(given);
        if (new URL(request.url).pathname === "/set") session.set("visits", 7);
        return Response.json([await answer.text(), session.get("name"), session.get("visits")]);
      }),
    );
    const first = await client.get("/set");
    expect(first.headers.getSetCookie()).toHaveLength(1);
    expect(await (await client.get("/")).json()).toEqual(["inner", "Ada", 7]);
  });

  it("refuses changes once an answer without a body is out", async () => {
    const { sessions } = shop();
    let session: Awaited<ReturnType<typeof sessions.open>> | undefined;
    await sessions.handle(new Request("https://shop.example/"), async (request) => {
      session = await sessions.open(request);
      session.set("name", "Ada");
      return new Response(null, { status: 204 });
    });
    expect(() => session?.set("name", "Bob")).toThrow(HeadersSentError);
  });

  it("stores nothing beside Response.error(), which goes on as it is", async () => {
    const { sessions, store } = shop();
    const broken = Response.error();
    let session: Awaited<ReturnType<typeof sessions.open>> | undefined;
    const answer = await sessions.handle(new Request("https://shop.example/"), async (request) => {
      session = await sessions.open(request);
      session.set("name", "Ada");
      return broken;
    });
    expect(answer).toBe(broken);
    expect(store.calls).toEqual([]);
    expect(() => session?.set("name", "Grace")).toThrow(HeadersSentError);
  });

  it("refuses a request that is somebody else's", async () => {
    const { sessions } = shop();
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const foreign = new Request(request, { headers: { cookie: "theme=dark" } });
        await sessions.open(foreign);
        return new Response("opened");
      }),
    );
    expect((await client.get("/")).status).toBe(500);
  });

  it("sends the cookie of a completed sign-in though the handler fails after it", async () => {
    const { sessions } = shop();
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        if (session.userId !== undefined) return new Response(session.userId);
        await session.signIn("ada");
        throw new Error("the mailer is down");
      }),
    );
    const failed = await client.get("/");
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain("mailer");
    expect(printed).toHaveBeenCalledWith(
      expect.objectContaining({ message: "the mailer is down" }),
    );
    printed.mockRestore();
    expect(await (await client.get("/")).text()).toBe("ada");
  });

  it("answers and logs another error than the visitor's leaving, though the visitor has left", async () => {
    const { sessions } = shop();
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const leaving = new AbortController();
    const request = new Request("https://shop.example/", { signal: leaving.signal });
    const handled = sessions.handle(request, async () => {
      await (await sessions.open(request)).signIn("ada");
      leaving.abort();
      throw new Error("the mailer is down");
    });
    expect((await handled).status).toBe(500);
    expect(printed).toHaveBeenCalledWith(
      expect.objectContaining({ message: "the mailer is down" }),
    );
    printed.mockRestore();
  });

  it("keeps parallel requests apart", async () => {
    const { sessions } = shop();
    const handler = (request: Request): Promise<Response> =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.update("visits", (n) => n + 1);
        return new Response(session.id);
      });
    const clients = Array.from({ length: 10 }, () => testClient(handler));
    const visit = (): Promise<string[]> =>
      Promise.all(clients.map(async (client) => (await client.get("/")).text()));
    const first = await visit();
    expect(new Set(first).size).toBe(10);
    expect(await visit()).toEqual(first);
  });

  it("hands the errors of the application on, thrown or rejected", async () => {
    const { sessions } = shop();
    const slip = new Error("A slip of the application");
    const request = new Request("https://localhost/");
    const throwing = (): Response => {
      throw slip;
    };
    await expect(sessions.handle(request, throwing)).rejects.toBe(slip);
    const rejecting = (): Promise<Response> => Promise.reject(slip);
    const other = new Request("https://localhost/");
    await expect(sessions.handle(other, rejecting)).rejects.toBe(slip);
  });

  it("adds the cookie to responses that cannot be changed", async () => {
    const { sessions } = shop();
    const handler = (request: Request): Promise<Response> =>
      sessions.handle(request, async () => {
        (await sessions.open(request)).set("name", "Ada");
        return Response.redirect("https://localhost/elsewhere", 307);
      });
    const response = await testClient(handler).get("/", { redirect: "manual" });
    expect(response.status).toBe(307);
    expect(response.headers.get("location")).toBe("https://localhost/elsewhere");
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it("serves development on localhost, told of the address or not, and no public one", async () => {
    const { sessions } = shop();
    const handler = async (request: Request): Promise<Response> => {
      (await sessions.open(request)).set("name", "Ada");
      return new Response("set");
    };
    const request = (): Request => new Request("http://localhost:3000/");
    const told = await sessions.handle(request(), handler, { remoteAddress: "127.0.0.1" });
    expect(told.headers.getSetCookie()[0]).toMatch(/^session=/);
    const untold = await sessions.handle(request(), handler);
    expect(untold.headers.getSetCookie()[0]).toMatch(/^session=/);
    const foreign = await sessions.handle(request(), handler, { remoteAddress: "203.0.113.7" });
    expect(foreign.headers.getSetCookie()).toEqual([]);
  });

  it("stores what changed until the reader left, and refuses what comes later", async () => {
    const { sessions, store } = shop();
    let change = (): void => undefined;
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        change = () => session.set("visits", session.get("visits") + 1);
        session.set("name", "Ada");
        return new Response(endless());
      }),
    );
    const response = await client.get("/");
    const reader = response.body?.getReader();
    await reader?.read();
    change();
    await reader?.cancel();
    expect(store.calls).toEqual(["create", "update"]);
    expect(change).toThrow(HeadersSentError);
  });

  it("stores what changed until the reader left, though the source fails to stop", async () => {
    const { sessions } = shop();
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.update("visits", (n) => n + 1);
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
          session.set("name", "Ada");
          controller.enqueue(new Uint8Array(16));
        };
        const cancel = (): never => {
          throw new Error("It cannot be stopped");
        };
        return new Response(new ReadableStream({ pull, cancel }));
      }),
    );
    const reader = (await client.get("/")).body?.getReader();
    await reader?.read();
    await reader?.cancel().catch(() => undefined);
    const name = testClient((request) =>
      sessions.handle(
        request,
        async () => new Response((await sessions.open(request)).get("name")),
      ),
    );
    const [{ name: cookie = "", value = "" } = {}] = client.cookies();
    const headers = { cookie: `${cookie}=${value}` };
    expect(await (await name.get("/", { headers })).text()).toBe("Ada");
  });

  it("stores what a source changes in place as its reader leaves, and tells it why", async () => {
    const store = memoryStore();
    const defaults: { seen: string[]; visits: number } = { seen: [], visits: 0 };
    const sessions = createSessions({ store, trustProxy: "all", defaults });
    const read = vi.fn<(seen: string[]) => void>();
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        const seen = session.get("seen");
        read([...seen]);
        await session.update("visits", (n) => n + 1);
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
          controller.enqueue(new Uint8Array(16));
        const cancel = (reason: string): void => void seen.push(reason);
        return new Response(new ReadableStream({ pull, cancel }));
      }),
    );
    const reader = (await client.get("/")).body?.getReader();
    await reader?.read();
    await reader?.cancel("enough");
    await (await client.get("/")).body?.cancel("too");
    expect(read).toHaveBeenLastCalledWith(["enough"]);
  });

  it("reports what could not be stored any more as the reader left, once", async () => {
    const onError = vi.fn();
    const { sessions, store } = shop({ onError });
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
          session.set("visits", session.get("visits") + 1);
          controller.enqueue(new Uint8Array(16));
        };
        return new Response(new ReadableStream({ pull }));
      }),
    );
    const reader = (await client.get("/")).body?.getReader();
    await reader?.read();
    store.failWrites();
    await reader?.cancel();
    expect(onError.mock.calls.map(([error, { outcome }]) => [error.name, outcome])).toEqual([
      ["StoreError", "left"],
    ]);
  });

  it("stores nothing of what the page of a failure changes while it streams, as nothing before it", async () => {
    const { sessions } = shop();
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        const before = session.get("visits");
        if (before === 0) await session.update("visits", (n) => n + 1);
        const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
          session.set("visits", 7);
          controller.close();
        };
        session.set("name", "Ada");
        return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), {
          status: 500,
          headers: { seen: `${before} ${session.get("name")}` },
        });
      }),
    );
    await (await client.get("/")).text();
    const later = await client.get("/");
    expect(later.headers.get("seen")).toBe("1 Ada");
    await later.text();
    expect((await client.get("/")).headers.get("seen")).toBe("1 Ada");
  });

  it("refuses changes once a streamed answer is out", async () => {
    const { sessions } = shop();
    let change = (): void => undefined;
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        change = () => session.set("name", "Ada");
        await session.update("visits", (n) => n + 1);
        return new Response(new Blob(["page"]).stream());
      }),
    );
    expect(await (await client.get("/")).text()).toBe("page");
    expect(change).toThrow(HeadersSentError);
  });

  it("tells a source that its response was answered in its place", async () => {
    const { sessions, store } = shop({ onError: () => undefined });
    const cancelled = Promise.withResolvers<unknown>();
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        (await sessions.open(request)).set("name", "Ada");
        return new Response(new ReadableStream({ cancel: cancelled.resolve }));
      }),
    );
    store.failWrites();
    expect((await client.get("/")).status).toBe(503);
    expect(await cancelled.promise).toBeInstanceOf(StoreError);
  });

  it("lets a reader leave the answer to a failure", async () => {
    const { sessions, store } = shop({ onError: () => undefined });
    const request = new Request("https://shop.example/");
    store.failWrites();
    const { status, body } = await sessions.handle(request, async () => {
      await (await sessions.open(request)).update("visits", (n) => n + 1);
      return new Response("page");
    });
    expect(status).toBe(503);
    await body?.cancel();
  });

  it("keeps the application's security headers on the answer to a failure", async () => {
    const { sessions, store } = shop({ onError: () => undefined });
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        (await sessions.open(request)).set("name", "Ada");
        const headers = { "Content-Security-Policy": "default-src 'self'", ETag: '"page"' };
        return new Response("page", { headers });
      }),
    );
    store.failWrites();
    const { status, headers } = await client.get("/");
    expect([status, headers.get("content-security-policy"), headers.get("etag")]).toEqual([
      503,
      "default-src 'self'",
      null,
    ]);
  });

  it("refuses changes once the handler's stream has broken", async () => {
    const { sessions } = shop();
    let change = (): void => undefined;
    const client = testClient((request) =>
      sessions.handle(request, async () => {
        const session = await sessions.open(request);
        await session.update("visits", (n) => n + 1);
        change = () => session.set("name", "Ada");
        const pull = (): Promise<void> => Promise.reject(new Error("The pipe has burst"));
        return new Response(new ReadableStream<Uint8Array>({ pull }));
      }),
    );
    const response = await client.get("/");
    await expect(response.text()).rejects.toThrow("The pipe has burst");
    expect(change).toThrow(HeadersSentError);
  });
});

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16)) });
}
