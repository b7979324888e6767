import { expect, it, onTestFinished, vi } from "vitest";
import { WebHead } from "../../src/core/request-head.ts";
import { attach, keep, keepThrown, serve, webExchange } from "../../src/frameworks/adapter.ts";
import { HeadersSentError, type Sessions, StoreError } from "../../src/index.ts";
import { type Shop, shop } from "./support/shop.ts";

/** What a framework has: it answers what is thrown to it by pages of its own. */
interface Thrown extends Error {
  readonly status: number;
}

interface Answered {
  readonly status: number;
  readonly cookies: readonly string[];
}

function requestWith(cookie: string, url = "https://shop.example"): Request {
  return new Request(url, { headers: { cookie } });
}

/** Resolves to the cookie of a visitor who has signed in. */
async function signedIn(sessions: Sessions<Shop>, user: string): Promise<string> {
  const request = requestWith("");
  const { headers } = await serve(sessions, request, async () => {
    await (await sessions.open(request)).signIn(user);
    return new Response();
  });
  return headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** Whose session a request has. */
async function userOf(
  sessions: Sessions<Shop>,
  request: Request,
  isInner: boolean,
): Promise<string> {
  const next = async (): Promise<Response> => {
    const { userId } = await sessions.open(request);
    return new Response(userId);
  };
  return (await serve(sessions, request, next, { isInner })).text();
}

/** Signs somebody in, changes something that can no longer be stored, and throws. */
async function answered(status: number): Promise<Answered & { readonly told: readonly unknown[] }> {
  const told: unknown[] = [];
  const { sessions, store } = shop({ onError: (error) => void told.push(error) });
  const request = new Request("https://shop.example/");
  let answer: Answered | undefined;
  const running = serve(
    sessions,
    request,
    async () => {
      const session = await sessions.open(request);
      await session.signIn("ada");
      session.set("name", "Ada");
      store.fail();
      throw Object.assign(new Error("thrown"), { status });
    },
    {
      onThrown: (error) => {
        const { status } = error as Thrown;
        return {
          status,
          leave: (headers) => {
            answer = { status, cookies: headers.getSetCookie() };
          },
        };
      },
    },
  );
  await expect(running).rejects.toThrow(status < 500 ? StoreError : "thrown");
  if (answer === undefined) throw new Error("no page was answered");
  return { ...answer, told };
}

it("tells of a sign-in that is done, where what came after it cannot be stored and a redirect is thrown", async () => {
  const { status, cookies, told } = await answered(302);
  expect(status).toBe(503);
  expect(cookies).toEqual([expect.stringContaining("session=")]);
  expect(told).toEqual([expect.any(StoreError)]);
});

it("tells of it in the answer that it gives in the framework's place", async () => {
  const { sessions, store } = shop({ onError: () => undefined });
  const request = requestWith("");
  const redirect = { status: 303, location: "/" };
  const response = await serve(
    sessions,
    request,
    async () => {
      const session = await sessions.open(request);
      await session.signIn("ada");
      session.set("name", "Ada");
      store.fail();
      throw redirect;
    },
    {
      answer: (error) => (error instanceof StoreError ? error.getResponse() : undefined),
      onThrown: () => ({ status: 303, leave: () => undefined }),
    },
  );
  expect([response.status, response.headers.getSetCookie()]).toEqual([
    503,
    [expect.stringMatching(/^__Host-Http-session=/)],
  ]);
});

it("stores nothing more where a failure is thrown, and tells of a sign-in that is done", async () => {
  const { status, cookies, told } = await answered(500);
  expect(status).toBe(500);
  expect(cookies).toEqual([expect.stringContaining("session=")]);
  expect(told).toEqual([]);
});

it.each([
  "https://shop.example",
  // As frameworks call themselves behind a proxy.
  "http://shop.internal",
])(
  "shares no session with another visitor's inner request that a queue runs, to %s",
  async (url) => {
    const { sessions } = shop();
    const [ada, bea] = [await signedIn(sessions, "ada"), await signedIn(sessions, "bea")];
    // A queue goes on in the context of whoever has set it going: Bea's request in Ada's.
    const runInContext = async (): Promise<Response> =>
      new Response(await userOf(sessions, requestWith(bea, url), true));
    const answer = await serve(sessions, requestWith(ada), runInContext, { isInner: false });
    expect(await answer.text()).not.toBe("ada");
  },
);

it.each([
  ["brings what the outer one has brought", true, true],
  ["brings none, as the outer one", false, false],
])("shares the session with an inner request that %s", async (_, isOuterKnown, isInnerKnown) => {
  const { sessions } = shop();
  const cookie = await signedIn(sessions, "ada");
  const inner = requestWith(isInnerKnown ? cookie : "");
  const next = async (): Promise<Response> => {
    await serve(sessions, inner, async () => new Response(), { isInner: true });
    return new Response(String((await sessions.open(inner)) === (await sessions.open(outer))));
  };
  const outer = requestWith(isOuterKnown ? cookie : "");
  const answer = await serve(sessions, outer, next, { isInner: false });
  expect(await answer.text()).toBe("true");
});

it("shares none with an inner request that was made without its visitor's cookies", async () => {
  const { sessions } = shop();
  const outer = requestWith(await signedIn(sessions, "ada"));
  const answer = await serve(
    sessions,
    outer,
    async () => new Response(await userOf(sessions, requestWith(""), true)),
    { isInner: false },
  );
  expect(await answer.text()).not.toBe("ada");
});

it.each([
  ["the runtime's own", undefined],
  ["the socket's", Object.assign(new Error("aborted"), { code: "ECONNRESET" })],
  ["a word", "gone"],
])(
  "stores what a handler does that was given up, by %s reason, as the visitor has left",
  async (_, reason) => {
    const { sessions } = shop();
    const cookie = await signedIn(sessions, "ada");
    const leaving = new AbortController();
    const request = new Request(requestWith(cookie), { signal: leaving.signal });
    const handler = Promise.withResolvers<void>();
    const next = async (): Promise<Response> => {
      const session = await sessions.open(request);
      void handler.promise.then(() => session.set("name", "Ada"));
      leaving.abort(reason);
      throw request.signal.reason;
    };
    const thrown = await serve(sessions, request, next).catch((error: unknown) => error);
    expect(thrown).toBe(request.signal.reason);
    handler.resolve();
    await handler.promise;
    await vi.waitFor(
      async () => {
        expect((await sessions.read(requestWith(cookie)))?.get("name")).toBe("Ada");
      },
      { timeout: 20_000 },
    );
  },
);

it("is one session to who opens it after a part that is served again", async () => {
  const { sessions } = shop();
  const request = requestWith("");
  const response = await serve(sessions, request, async () => {
    const inner = await serve(sessions, request, () => new Response("in"));
    await (await sessions.open(request)).signIn("ada");
    return inner;
  });
  expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-Http-session=/)]);
});

it.each([true, false])(
  "gives a framework's page for an outage its status, and tells of it once (printed there: %s)",
  async (isPrinting) => {
    const printed = vi.spyOn(console, "error").mockReturnValue();
    onTestFinished(() => printed.mockRestore());
    const { sessions, store } = shop();
    const request = requestWith(await signedIn(sessions, "ada"));
    store.fail();
    const page = async (): Promise<Response> => {
      await expect(sessions.open(request)).rejects.toThrow(StoreError);
      return new Response("Sorry", { status: 500, headers: { "X-Own": "page" } });
    };
    const response = await serve(sessions, request, page, { isPrinting });
    expect([response.status, await response.text()]).toEqual([503, "Sorry"]);
    expect(response.headers.get("x-own")).toBe("page");
    expect(printed).toHaveBeenCalledTimes(isPrinting ? 0 : 1);
  },
);

it("stores what a handler has changed that is given up, as its visitor has left", async () => {
  const { sessions } = shop();
  const cookie = await signedIn(sessions, "ada");
  const leaving = new AbortController();
  const headers = { cookie };
  const request = new Request("https://shop.example", { headers, signal: leaving.signal });
  const running = serve(sessions, request, async () => {
    (await sessions.open(request)).set("name", "Ada");
    leaving.abort();
    throw request.signal.reason;
  });
  await expect(running).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  const next = requestWith(cookie);
  const name = async (): Promise<Response> => new Response((await sessions.open(next)).get("name"));
  expect(await (await serve(sessions, next, name)).text()).toBe("Ada");
});

it("leaves the answer to a failure to the outermost, where it is mounted twice", async () => {
  const { sessions } = shop({ onError: () => undefined });
  const request = requestWith("");
  const answerFor = (place: string) => ({ answer: () => new Response(place, { status: 500 }) });
  const fail = async (): Promise<never> => {
    await (await sessions.open(request)).signIn("ada");
    throw new Error("broken");
  };
  const within = (): Promise<Response> => serve(sessions, request, fail, answerFor("inner"));
  const response = await serve(sessions, request, within, answerFor("outer"));
  expect(await response.text()).toBe("outer");
  expect(response.headers.getSetCookie()).toHaveLength(1);
});

it.each([true, false])(
  "believes the framework, not the URL, that a connection is encrypted: %s",
  async (isEncrypted) => {
    const { sessions } = shop();
    const request = requestWith("", isEncrypted ? "http://127.0.0.1" : "https://127.0.0.1");
    const set = async (): Promise<Response> => {
      (await sessions.open(request)).set("name", "Ada");
      return new Response();
    };
    const serving = { isEncrypted, remoteAddress: "127.0.0.1" };
    const { headers } = await serve(sessions, request, set, serving);
    expect(headers.getSetCookie().join().startsWith("__Host-Http-")).toBe(isEncrypted);
  },
);

it("follows the request that a framework makes anew while it handles one, and no longer", async () => {
  const { sessions } = shop();
  const holder = { raw: requestWith("") };
  const { raw: request } = holder;
  const anew = requestWith("");
  await serve(
    sessions,
    request,
    async () => {
      const session = await sessions.open(request);
      holder.raw = anew;
      expect(await sessions.open(anew)).toBe(session);
      return new Response();
    },
    { holder },
  );
  holder.raw = requestWith("");
  await expect(sessions.open(holder.raw)).rejects.toThrow();
});

it.each([
  ["nothing", undefined],
  ["null", null],
  ["a text", "text"],
  ["an object", { status: 200 }],
  ["one whose headers are none", { headers: {} }],
])("says what a handler must return, where it is %s", async (_, made) => {
  const { sessions } = shop();
  const running = serve(sessions, requestWith(""), async () => made as never);
  await expect(running).rejects.toThrow("next: it must return a Response");
});

it("leaves an answer, and an error, to the adapter further out that keeps it", async () => {
  const { sessions } = shop();
  const request = requestWith("");
  const outer = webExchange(new WebHead(request));
  const inner = webExchange(new WebHead(request));
  attach(sessions, outer, [request]);
  const visit = attach(sessions, inner, [request]);
  const session = await sessions.open(request);
  session.set("name", "Ada");
  const answer = new Response("inner");
  expect(await keep(visit, inner, answer)).toBe(answer);
  expect([...(await keepThrown(visit, inner, 404))]).toEqual([]);
  session.set("visits", 7);
  const { headers } = await keep(visit, outer, answer);
  expect(headers.getSetCookie()).toHaveLength(1);
});

it("refuses changes once an error has gone on to the framework", async () => {
  const { sessions } = shop();
  const request = requestWith(await signedIn(sessions, "ada"));
  const exchange = webExchange(new WebHead(request));
  const visit = attach(sessions, exchange, [request]);
  const session = await sessions.open(request);
  await keepThrown(visit, exchange, 404);
  expect(() => session.set("name", "Ada")).toThrow(HeadersSentError);
});
