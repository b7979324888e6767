import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Session } from "../../../src/core/session.ts";
import { createSessions, type SessionOptions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type TestClient, testClient } from "../../../src/testing/index.ts";
import { type Application, built, type Turn } from "./support/application.ts";

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0.0.0 Safari/537.36";

interface Data {
  visits: number;
  name: string;
}

let application: Application;
const closing: (() => unknown)[] = [];

beforeAll(async () => {
  application = await built();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => application.project.remove());

/** A store that fails once it is told to. */
function failingStore(): { store: ReturnType<typeof memoryStore>; fail(): void } {
  const store = memoryStore();
  const fail = (): void => {
    for (const method of ["load", "create", "update"] as const) {
      vi.spyOn(store, method).mockRejectedValue(new Error("The connection was refused"));
    }
  };
  return { store, fail };
}

type Pages = Readonly<Record<string, (session: Session<Data>, turn: Turn) => unknown>>;

/** A browser at the application, whose pages get the session by the context. */
async function visit(
  pages: Pages,
  options: SessionOptions = {},
  further: readonly ((turn: Turn) => Promise<never>)[] = [],
): Promise<TestClient> {
  const sessions = createSessions<Data>({
    store: memoryStore(),
    trustProxy: "all",
    ...options,
    defaults: { visits: 0, name: "" },
  });
  const { suite } = application;
  const context = suite.sessionContext;
  suite.pages = Object.fromEntries(
    Object.entries(pages).map(([name, page]) => [
      name,
      (turn: Turn) => page(turn.context.get(context), turn),
    ]),
  );
  const ours = suite.sessionMiddleware(sessions, { context });
  const server = await application.serve([ours, ...further]);
  closing.push(() => sessions.close(), server.close ?? (() => undefined));
  return testClient(server.target, { origin: "https://shop.example", maxRedirects: 0 });
}

const SHOP: Pages = {
  "load who": (session) => ({ now: `${session.userId} ${session.get("name")}` }),
  "act sign-in": (session) => session.signIn("ada"),
};

async function who(client: TestClient): Promise<string | undefined> {
  return /now: ([^,]*),/.exec(await (await client.get("/page/who")).text())?.[1];
}

it("shows the loaders that follow an action the session it has begun", async () => {
  const client = await visit({
    ...SHOP,
    "act name": async (session) => {
      session.set("name", "Ada");
      return "named";
    },
    "load name": (session) => ({ now: session.get("name") }),
  });
  const response = await client.post("/page/name");
  expect(await response.text()).toContain("now: Ada, acted: named");
  expect(response.headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("undefined Ada");
});

it("answers requests for data with the cookie, redirects among them", async () => {
  const client = await visit({
    ...SHOP,
    "act leave": async (session) => {
      await session.signIn("ada");
      throw new Response(null, { status: 303, headers: { Location: "/page/who" } });
    },
  });
  const response = await client.post("/page/leave.data");
  expect(response.status).toBe(202);
  expect(response.headers.getSetCookie()).toHaveLength(1);
  const page = await client.get("/page/who.data");
  expect(await page.text()).toContain("ada ");
  expect(page.headers.get("cache-control")).toBe("private");
});

it("keeps the application's error page, and the cookie with it", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const client = await visit({
    ...SHOP,
    "load refuse": async (session) => {
      await session.signIn("ada");
      session.set("name", "Ada");
      throw Response.json("no", { status: 422 });
    },
    "load break": async (session) => {
      await session.signIn("bea");
      session.set("name", "Bea");
      throw new Error("broken");
    },
  });
  const refused = await client.get("/page/refuse");
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain("The error page: 422 no");
  expect(await who(client)).toBe("ada Ada");
  const broken = await client.get("/page/break");
  expect(broken.status).toBe(500);
  expect(await broken.text()).toContain("The error page: thrown");
  expect(broken.headers.getSetCookie()).toHaveLength(1);
  expect(await who(client)).toBe("bea ");
});

it.each([
  [
    "a redirect",
    303,
    () => new Response(null, { status: 303, headers: { Location: "/page/who" } }),
  ],
  ["an error", 500, () => new Error("broken")],
])("keeps a sign-in before %s that a middleware further in throws", async (_, status, make) => {
  vi.spyOn(console, "error").mockReturnValue();
  const guard = async ({ context }: Turn): Promise<never> => {
    await (context.get(application.suite.sessionContext) as Session<Data>).signIn("ada");
    throw make();
  };
  const client = await visit(SHOP, {}, [guard]);
  const response = await client.get("/page/who", { redirect: "manual" });
  expect(response.status).toBe(status);
  expect(response.headers.getSetCookie()).toHaveLength(1);
  expect(await response.text()).toContain(status === 500 ? "The error page: thrown" : "");
});

it("shows an outage on the application's error page as a 503, and tells of it once", async () => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const { store, fail } = failingStore();
  const client = await visit(SHOP, { store });
  await client.post("/page/sign-in");
  fail();
  const page = await client.get("/page/who");
  expect(page.status).toBe(503);
  expect(await page.text()).toContain("The error page: 503 ");
  const lines = print.mock.calls.map((call) => String(call[0]));
  expect(lines).toEqual([expect.stringMatching(/answered with 503.*connection was refused/s)]);
});

it("tells of an outage that a loader meets once, with its cause", async () => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const { store, fail } = failingStore();
  const count = async (session: Session<Data>): Promise<object> => {
    fail();
    return { now: await session.update("visits", (n) => n + 1) };
  };
  const client = await visit({ ...SHOP, "load count": count }, { store });
  const page = await client.get("/page/count");
  expect(page.status).toBe(503);
  expect(await page.text()).toContain("The error page: thrown");
  const told = print.mock.calls.map(([error]) => (error as Error).stack ?? String(error));
  expect(told).toEqual([expect.stringContaining("connection was refused")]);
});

it("stores what deferred data change, and refuses there what needs a cookie", async () => {
  const refused: unknown[] = [];
  const begun = Promise.withResolvers<void>();
  const late = async (session: Session<Data>): Promise<string> => {
    await begun.promise;
    session.set("name", "late");
    await session.signIn("bea").catch((error) => refused.push(error.code));
    return session.userId ?? "nobody";
  };
  const client = await visit({ ...SHOP, "load late": (session) => ({ later: late(session) }) });
  await client.post("/page/sign-in");
  // For robots React Router waits until all is there.
  const page = await client.get("/page/late", { headers: { "user-agent": BROWSER } });
  begun.resolve();
  expect(await page.text()).toContain("ada");
  expect(refused).toEqual(["ERR_SESSION_HEADERS_SENT"]);
  expect(await who(client)).toBe("ada late");
});

it("answers HEAD with the headers of the page", async () => {
  const client = await visit(SHOP);
  await client.post("/page/sign-in");
  const response = await client.head("/page/who");
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("private");
});
