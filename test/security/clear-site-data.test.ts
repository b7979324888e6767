import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import { createSessions, memoryStore, type Untyped } from "../../src/index.ts";
import { clearSiteData } from "../../src/security/theft/index.ts";
import { openBrowser } from "../demo/browser.ts";
import { listen, pathOf } from "../frameworks/support/server.ts";
import type { Handler } from "../laws/support/browser.ts";
import { World } from "../laws/support/world.ts";

const HEADER = "clear-site-data";

describe("a signed-in session that ends", () => {
  const world = new World({ protections: [clearSiteData()] });
  const said = async (handler: Handler, userId?: string): Promise<string | null> => {
    const browser = userId === undefined ? await world.returning() : await world.signedIn(userId);
    return (await browser.visit(handler)).headers.get(HEADER);
  };

  it.each([
    ["signs out", (session) => session.signOut()],
    ["is destroyed", (session) => session.destroy()],
  ] as const satisfies readonly (readonly [string, Handler])[])(
    "lets the browser forget the site where it %s [ASVS 14.3.1]",
    async (_name, handler) => {
      expect(await said(handler, "ada")).toBe('"cache", "cookies", "storage"');
    },
  );

  it("says nothing elsewhere: to readers, visitors, and who signs in again", async () => {
    expect(await said(() => undefined, "ada")).toBeNull();
    expect(await said((session) => session.destroy())).toBeNull();
    const again: Handler = async (session) => {
      await session.signOut();
      await session.signIn("bob");
    };
    expect(await said(again, "ada")).toBeNull();
  });

  it("says nothing over plain HTTP", async () => {
    const { sessions } = new World({
      protections: [clearSiteData()],
      cookie: { secure: false, prefix: "" },
    });
    const answer = async (
      cookie: string,
      handler: (session: never) => unknown,
    ): Promise<Response> => {
      const request = new Request("http://shop.example/", { method: "POST", headers: { cookie } });
      return sessions.handle(request, async () => {
        await handler((await sessions.open(request)) as never);
        return new Response();
      });
    };
    const signIn: Handler = (session) => session.signIn("ada");
    const [line = ""] = (await answer("", signIn as never)).headers.getSetCookie();
    const signOut: Handler = (session) => session.signOut();
    const out = await answer(line.split(";", 1)[0] ?? "", signOut as never);
    expect(out.headers.getSetCookie()).toHaveLength(1);
    expect(out.headers.get(HEADER)).toBeNull();
  });

  it.each([[], ["cache", "everything"], "cache"])(
    "is told what there is to forget: %j",
    (...kinds) => {
      const given = kinds.length === 1 && kinds[0] === "cache" ? "cache" : kinds;
      expect(() => clearSiteData(given as never)).toThrow("clearSiteData(kinds): must be a list");
    },
  );
});

describe("Chromium", () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it("forgets cookies and storage at the sign-out, and nothing before [ASVS 14.3.1]", async () => {
    const sessions = createSessions<Untyped>({
      store: memoryStore(),
      trustProxy: ["loopback"],
      protections: [clearSiteData(["cookies", "storage"])],
    });
    const server = createServer((req, res) => {
      // Chromium takes localhost for secure; the application is told so as by a proxy.
      req.headers["x-forwarded-proto"] = "https";
      void sessionMiddleware(sessions)(req, res, async () => {
        const session = await sessions.open(req);
        if (pathOf(req) === "/in") await session.signIn("ada");
        if (pathOf(req) === "/out") await session.signOut();
        res.setHeader("Content-Type", "text/html").end(session.userId ?? "nobody");
      });
    });
    const { target, close } = await listen(server);
    const { port } = new URL(target);
    const context = await browser.newContext();
    const page = await context.newPage();
    const visit = (path: string): Promise<unknown> => page.goto(`http://localhost:${port}${path}`);
    const stored = (): Promise<unknown> => page.evaluate('localStorage.getItem("draft")');
    try {
      await visit("/in");
      await page.evaluate('localStorage.setItem("draft", "secret"); document.cookie = "seen=1"');
      await visit("/");
      expect(await stored()).toBe("secret");
      expect((await context.cookies()).length).toBe(2);
      await visit("/out");
      await visit("/");
      expect(await stored()).toBeNull();
      expect(await context.cookies()).toEqual([]);
    } finally {
      await context.close();
      await close?.();
    }
  });
});
