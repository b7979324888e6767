import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import { sessionMiddleware } from "../../src/frameworks/node.ts";
import {
  type CookieOptions,
  createSessions,
  memoryStore,
  type Sessions,
  type Untyped,
} from "../../src/index.ts";
import { openBrowser } from "../demo/browser.ts";
import { listen, pathOf } from "../frameworks/support/server.ts";
import { bound, newKey } from "./support/cookie-world.ts";

const NONE = "none: a copied cookie works until it expires, signed out or not";

let browser: Browser;
let context: BrowserContext;
let page: Page;
let port: string;
let close: () => unknown;
/** The application as it is configured at this moment. */
let sessions: Sessions<Untyped>;

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  context = await browser.newContext();
  page = await context.newPage();
  const server = await listen(createServer((req, res) => void answer(req, res)));
  port = new URL(server.target).port;
  close = () => server.close?.();
});

afterEach(async () => {
  await context.close();
  await close();
});

/** Chromium takes localhost for secure; the application is told so as by a proxy. */
async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  req.headers["x-forwarded-proto"] = "https";
  await sessionMiddleware(sessions)(req, res, async () => {
    const path = pathOf(req);
    const { host = "" } = req.headers;
    if (path.startsWith("/plant")) {
      const [line = ""] = new URL(req.url ?? "/", `http://${host}`).searchParams.getAll("line");
      res.setHeader("Set-Cookie", line).end("planted");
      return;
    }
    const session = await sessions.open(req);
    if (path.endsWith("/in")) await session.signIn("ada", { persistent: true });
    const names = (req.headers.cookie ?? "").split("; ").map((pair) => pair.split("=")[0]);
    res.end(JSON.stringify({ user: session.userId ?? null, names }));
  });
}

interface Seen {
  readonly user: string | null;
  /** The names of the cookies that came, as often as they did. */
  readonly names: readonly string[];
}

async function visit(path: string, host = "www.shop.localhost"): Promise<Seen> {
  await page.goto(`http://${host}:${port}${path}`);
  const text = (await page.textContent("body")) ?? "";
  return text === "planted" ? { user: null, names: [] } : JSON.parse(text);
}

/** Lets another host of the domain set a cookie. */
function plant(line: string, host = "evil.shop.localhost"): Promise<Seen> {
  return visit(`/plant?line=${encodeURIComponent(line)}`, host);
}

const KINDS: Readonly<Record<string, () => (cookie: CookieOptions) => Sessions<Untyped>>> = {
  "in a store": () => {
    const store = memoryStore();
    return (cookie) => {
      const options = { store: bound(store), cookie, trustProxy: "all" } as const;
      return createSessions<Untyped>(options) as Sessions<Untyped>;
    };
  },
  "in cookies": () => {
    const keys = newKey();
    return (cookie) => {
      const options = {
        store: cookieStore({ revocations: NONE }),
        keys,
        cookie,
        trustProxy: "all",
      } as const;
      return createSessions<Untyped>(options) as Sessions<Untyped>;
    };
  },
};

const SHARED: CookieOptions = { prefix: "__Secure-", domain: "shop.localhost" };

describe.each(Object.keys(KINDS))("in Chromium, a session %s", (kind) => {
  let configured: (cookie: CookieOptions) => Sessions<Untyped>;

  beforeEach(() => {
    configured = (KINDS[kind] ?? expect.unreachable())();
  });

  it.each<[string, CookieOptions, CookieOptions]>([
    ["partitioned is switched on", { sameSite: "none" }, { sameSite: "none", partitioned: true }],
    ["a Domain is added", { prefix: "__Secure-" }, SHARED],
    ["the Domain goes", SHARED, { prefix: "__Secure-" }],
  ])("survives the sign-in after %s", async (_name, before, after) => {
    sessions = configured(before);
    await visit("/in");
    sessions = configured(after);
    expect((await visit("/")).user).toBe("ada");
    await visit("/in");
    for (let times = 0; times < 3; times += 1) expect((await visit("/")).user).toBe("ada");
    const { names } = await visit("/");
    expect(new Set(names).size).toBe(names.length);
  });

  it("that partitioned made ambiguous is refused once, and the next sign-in lasts", async () => {
    sessions = configured({ sameSite: "none", partitioned: true });
    await visit("/in");
    sessions = configured({ sameSite: "none" });
    await visit("/in");
    await visit("/");
    await visit("/in");
    for (let times = 0; times < 3; times += 1) expect((await visit("/")).user).toBe("ada");
    const { names } = await visit("/");
    expect(new Set(names).size).toBe(names.length);
  });
});

describe("in Chromium, a session", () => {
  it.each([
    "Domain=shop.localhost; Path=/account; Max-Age=31536000",
    "Domain=shop.localhost; Path=/account/; Max-Age=31536000",
    "Domain=shop.localhost; Path=/; Partitioned",
  ])("survives a cookie that a sibling plants: %s", async (place) => {
    sessions = KINDS["in a store"]?.()(SHARED) ?? expect.unreachable();
    await plant(`__Secure-session=x; ${place}; Secure`);
    await visit("/account/in");
    for (let times = 0; times < 3; times += 1) {
      expect((await visit("/account/card")).user).toBe("ada");
      expect((await visit("/")).user).toBe("ada");
    }
    const { names } = await visit("/account/card");
    expect(names.filter((name) => name === "__Secure-session")).toHaveLength(1);
  });

  it("survives a page with a long path beside a stale cookie", async () => {
    sessions = KINDS["in a store"]?.()({ prefix: "" }) ?? expect.unreachable();
    await visit("/in");
    for (const length of [900, 1_024, 1_100]) {
      await plant("session=stale; Domain=shop.localhost; Path=/; Secure");
      expect((await visit(`/${"a".repeat(length)}`)).user).toBe("ada");
      expect((await visit("/")).user).toBe("ada");
    }
  });
});
