import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { Session } from "../../../src/core/session.ts";
import { createSessions, type SessionOptions } from "../../../src/create-sessions.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import { type TestClient, testClient } from "../../../src/testing/index.ts";
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
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => application.project.remove());

type Open = () => Promise<Session<Data>>;

/** A browser at the application, whose server functions open their session by `getRequest()`. */
async function visit(
  pages: Readonly<Record<string, (open: Open) => unknown>>,
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
      (request: Request) => page(() => sessions.open(request)),
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

it("answers an outage with 503, and tells of it once, with its cause", async () => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const store = memoryStore();
  const client = await visit(SHOP, { store });
  await act(client, "sign-in");
  vi.spyOn(store, "load").mockRejectedValue(new Error("The connection was refused"));
  const page = await client.get("/page/who");
  expect(page.status).toBe(503);
  expect(await page.text()).toContain("The error page: ");
  const told = print.mock.calls.map(([error]) => (error as Error).stack ?? String(error));
  expect(told).toEqual([expect.stringContaining("connection was refused")]);
});
