import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Session } from "../../../src/core/session.ts";
import { createSessions, type SessionOptions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type AdapterRoute, type TestClient, testClient } from "../../../src/testing/index.ts";
import { type Application, built } from "./support/application.ts";

interface Data {
  name: string;
}

let application: Application;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  application = await built();
});

afterEach(async () => {
  vi.restoreAllMocks();
  application.suite.hasAccessor = false;
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => application.project.remove());

type Open = () => Promise<Session<Data>>;

/** A browser at the application, whose server functions open their session by `getRequest()`. */
async function visit(
  pages: Readonly<Record<string, (open: Open, context: { session?: unknown }) => unknown>>,
  options: SessionOptions = {},
): Promise<TestClient> {
  const sessions = createSessions<Data>({
    store: memoryStore(),
    trustProxy: ["loopback"],
    ...options,
    defaults: { name: "" },
  });
  application.suite.pages = Object.fromEntries(
    Object.entries(pages).map(([name, page]) => [
      name,
      (request: Request, context: object) => page(() => sessions.open(request), context),
    ]),
  );
  const server = await application.serve([sessions]);
  closing.push(() => sessions.close(), server.close ?? (() => undefined));
  return testClient(server.target, { origin: "https://shop.example", maxRedirects: 0 });
}

const SHOP = {
  "load who": async (open: Open) => {
    const session = await open();
    return { now: `${session.userId} ${session.get("name")}` };
  },
  "act sign-in": async (open: Open) => (await open()).signIn("ada"),
};

async function who(client: TestClient): Promise<string | undefined> {
  return /now: ([^.]*)\./.exec(await (await client.get("/page/who")).text())?.[1];
}

/** As the client's code calls a server function. */
async function act(
  client: TestClient,
  name: string,
  headers: Record<string, string> = { "x-tsr-serverfn": "true" },
): Promise<Response> {
  const url = /act: ([^<]*)</.exec(await (await client.get("/page/who")).text())?.[1];
  const form = { name };
  return client.post(url ?? "", { form, headers, redirect: "manual" });
}

it("keeps what a server function does", async () => {
  const client = await visit(SHOP);
  const response = await act(client, "sign-in");
  expect(response.status).toBe(200);
  expect(response.headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("ada ");
});

it("lets a server function redirect by a route's name, a form without JavaScript and a call", async () => {
  const client = await visit({ ...SHOP, "act leave": SHOP["act sign-in"] });
  const form = await act(client, "leave", {});
  expect([form.status, form.headers.get("location")]).toEqual([303, "/page/who"]);
  expect(form.headers.getSetCookie()).toHaveLength(1);
  const call = await act(client, "leave");
  expect(await call.json()).toMatchObject({ isSerializedRedirect: true, href: "/page/who" });
});

it("sends the cookie with the error of a server function, which is a success to HTTP", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const client = await visit({
    ...SHOP,
    "act break": async (open) => {
      const session = await open();
      await session.signIn("ada");
      session.set("name", "Ada");
      throw new Error("broken");
    },
  });
  const response = await act(client, "break");
  expect(await response.text()).toContain("broken");
  expect(response.status).toBe(200);
  expect(response.headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("ada Ada");
});

it("sends the cookie with a redirect from beforeLoad, and with the page of an error", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const client = await visit({
    ...SHOP,
    "before leave": async (open) => {
      (await open()).set("name", "Ada");
      return "/page/who";
    },
    "load break": async (open) => {
      const session = await open();
      await session.signIn("bea");
      session.set("name", "Bea");
      throw new Error("broken");
    },
  });
  const left = await client.get("/page/leave", { redirect: "manual" });
  expect(left.status).toBe(303);
  expect(await who(client)).toBe("undefined Ada");
  const broken = await client.get("/page/break");
  expect(broken.status).toBe(500);
  expect(await broken.text()).toContain("The error page: broken");
  expect(broken.headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("bea Ada");
});

it("opens a session that is read once the page has begun, and stores what changes", async () => {
  const begun = Promise.withResolvers<void>();
  const client = await visit({
    ...SHOP,
    "load late": (open) => ({
      later: begun.promise.then(async () => {
        const session = await open();
        session.set("name", "late");
        return String(session.userId);
      }),
    }),
  });
  await act(client, "sign-in");
  const page = await client.get("/page/late", {
    headers: { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36" },
  });
  begun.resolve();
  expect(await page.text()).toContain("later: ada");
  await expect.poll(() => who(client)).toBe("ada late");
});

it("stores nothing with an error whose status is that of a success, which is answered by 500", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const store = memoryStore();
  const create = vi.spyOn(store, "create");
  const sessions = createSessions<Data>({
    store,
    trustProxy: ["loopback"],
    defaults: { name: "" },
  });
  const handle = async ({ request }: { readonly request: object }): Promise<never> => {
    (await sessions.open(request)).set("name", "Ada");
    throw Object.assign(new Error("odd"), { status: 299 });
  };
  application.suite.routes = new Map([["/odd", { path: "/odd", handle }]]);
  const server = await application.serve([sessions]);
  closing.push(() => sessions.close(), server.close ?? (() => undefined));
  const client = testClient(server.target, { origin: "https://shop.example" });
  expect((await client.get("/odd")).status).toBe(500);
  expect(create).not.toHaveBeenCalled();
});

/** A visitor of a server route that throws this, to whom the route beside it tells a name. */
async function failing(error: unknown): Promise<TestClient> {
  vi.spyOn(console, "error").mockReturnValue();
  const sessions = createSessions<Data>({
    store: memoryStore(),
    trustProxy: ["loopback"],
    defaults: { name: "" },
  });
  const fail: AdapterRoute["handle"] = async ({ request }) => {
    if ((request as Request).method === "GET") throw error;
    const session = await sessions.open(request);
    await session.signIn("ada");
    session.set("name", "Ada");
    throw error;
  };
  const name: AdapterRoute["handle"] = async ({ request }) => {
    const session = await sessions.open(request);
    return { status: 200, headers: [], body: `${session.userId} ${session.get("name")}` };
  };
  const routes = { "/fail": fail, "/name": name };
  application.suite.routes = new Map(
    Object.entries(routes).map(([path, handle]) => [path, { path, handle }]),
  );
  const server = await application.serve([sessions]);
  closing.push(() => sessions.close(), server.close ?? (() => undefined));
  return testClient(server.target, { origin: "https://shop.example" });
}

class Gone extends Error {
  readonly #status = 410;
  readonly headers = { "X-Own": "own", "Set-Cookie": "own=1" };

  get status(): number {
    return this.#status;
  }
}

it.each([
  ["a frozen error", Object.freeze(Object.assign(new Error("gone"), { status: 410 })), 410],
  ["a frozen error with headers of its own", Object.freeze(new Gone()), 410],
  ["an error whose class knows its status", new Gone(), 410],
  ["an error whose cause has the status", new Error("gone", { cause: { status: 410 } }), 410],
  [
    "an error whose headers cannot be sent",
    Object.assign(new Error("gone"), { status: 410, headers: { ":status": "410" } }),
    410,
  ],
  ["a runtime's own error", new DOMException("late", "TimeoutError"), 500],
])("answers %s as TanStack Start does, with the cookie", async (_, error, status) => {
  const client = await failing(error);
  const failed = vi.spyOn(application.suite, "failed");
  const response = await client.post("/fail");
  expect([response.status, await response.json()]).toEqual([
    status,
    expect.objectContaining({ status, unhandled: true }),
  ]);
  const own = error instanceof Gone ? ["own=1"] : [];
  expect(response.headers.getSetCookie()).toEqual([
    ...own,
    expect.stringMatching(/^__Host-Http-session=/),
  ]);
  expect(response.headers.get("x-own")).toBe(own.length === 0 ? null : "own");
  expect(await (await client.get("/name")).text()).toBe(status === 500 ? "ada " : "ada Ada");
  const thrown = failed.mock.calls[0]?.[0];
  expect(thrown).toBeInstanceOf(error.constructor);
  expect(thrown).toHaveProperty("message", error.message);
});

it("shows nobody the cookie of another visitor for whom the same error was thrown", async () => {
  const error = Object.assign(new Error("gone"), { status: 410 });
  const client = await failing(error);
  await client.post("/fail");
  client.clear();
  const failed = vi.spyOn(application.suite, "failed");
  const response = await client.get("/fail");
  expect([response.status, response.headers.getSetCookie()]).toEqual([410, []]);
  // Where nobody has opened a session it goes on as it is.
  expect(failed.mock.calls[0]?.[0]).toBe(error);
  expect(error).not.toHaveProperty("headers");
});

it("types the context by the middleware, in functions, other middlewares and the start", async () => {
  const { run } = application.project;
  expect(await run("tsc", ["--noEmit", "-p", "tsconfig.typed.json"])).toBe("");
});

it("shows the session in the context where that is wanted, and asks nothing for newcomers", async () => {
  const store = memoryStore();
  const load = vi.spyOn(store, "load");
  const seen: unknown[] = [];
  application.suite.hasAccessor = true;
  const client = await visit(
    {
      ...SHOP,
      "load same": async (open, { session }) => void seen.push(session, await open()),
      "act set": (_, { session }) => void (session as Session<Data>).set("name", "Ada"),
    },
    { store },
  );
  application.suite.answered = ({ session }) => void seen.push(session);
  await client.get("/page/same");
  application.suite.answered = () => undefined;
  expect(seen).toHaveLength(3);
  expect(new Set(seen).size).toBe(1);
  expect(seen[0]).toHaveProperty("userId", undefined);
  expect(load).not.toHaveBeenCalled();
  expect((await act(client, "set")).headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("undefined Ada");
});

it("serves a server function that mounts its own beside the one for all requests", async () => {
  const client = await visit(SHOP);
  await act(client, "sign-in");
  const url = /twice: ([^<]*)</.exec(await (await client.get("/page/who")).text())?.[1] ?? "";
  const response = await client.post(url, { headers: { "x-tsr-serverfn": "true" } });
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("ada")]);
});

it.each([false, true])("answers an outage with 503, told once (accessor: %s)", async (accessor) => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const store = memoryStore();
  application.suite.hasAccessor = accessor;
  const client = await visit(SHOP, { store });
  await act(client, "sign-in");
  vi.spyOn(store, "load").mockRejectedValue(new Error("The connection was refused"));
  const page = await client.get("/page/who");
  expect(page.status).toBe(503);
  // What a middleware throws does not get to the route's.
  expect(await page.text()).toContain(accessor ? '"status":503' : "The error page: ");
  const told = print.mock.calls.map(([error]) => (error as Error).stack ?? String(error));
  expect(told).toEqual([expect.stringContaining("connection was refused")]);
});
