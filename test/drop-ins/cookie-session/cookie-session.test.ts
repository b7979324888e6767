import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import express from "express";
import { afterEach, describe, expect, it } from "vitest";
import {
  type CookieSessionRequest,
  cookieSession as ours,
} from "../../../src/drop-ins/cookie-session/index.ts";
import { testClient } from "../../../src/testing/index.ts";
import { addressOf, broughtBy, browserAt, closeServers, cookiesOf } from "../support/served.ts";

// The library that ours takes the place of, without its types: they would be there twice.
const theirs: typeof ours = createRequire(import.meta.url)("cookie-session");

type Options = Parameters<typeof ours>[0];
/** As Express has a request where nothing else says what its session is. */
type Handler = (req: CookieSessionRequest) => unknown;

afterEach(closeServers);

describe.each([
  ["sojourn/cookie-session", ours],
  ["cookie-session", theirs],
])("%s", (_, library) => {
  const served = (handler: Handler, options: Options = { keys: ["new", "old"] }) => {
    const app = express();
    app.use(library(options));
    app.use(async (req: CookieSessionRequest, res) => res.json((await handler(req)) ?? null));
    return app as RequestListener;
  };
  const visit = async (handler: Handler, options?: Options, cookie = "") => {
    const target = await addressOf(served(handler, options));
    return fetch(target, { headers: { cookie } });
  };
  const write: Handler = (req) => {
    req.session = { views: 1 };
  };
  const read: Handler = (req) => req.session;

  /** As signed by the key named, in another program's words. */
  const SIGNED = {
    new: "session=eyJ2aWV3cyI6MX0=; session.sig=qRxeERpfUIMFPxt9E7RFa8IH0TA",
    old: "session=eyJ2aWV3cyI6MX0=; session.sig=5jifF-Gics8txXKSzKqX_IXGUMU",
  };

  it("keeps the whole session in one cookie, signed by the first key beside it", async () => {
    const response = await visit(write);
    expect(broughtBy(response)).toBe(SIGNED.new);
    expect(cookiesOf(response).map((cookie) => cookie.replace(/^[^;]*/, ""))).toEqual([
      "; path=/; httponly",
      "; path=/; httponly",
    ]);
  });

  it("believes each of the keys, and signs anew what an older one has signed", async () => {
    const current = await visit(read, undefined, SIGNED.new);
    expect(await current.json()).toEqual({ views: 1 });
    expect(cookiesOf(current)).toEqual([]);
    const older = await visit(read, undefined, SIGNED.old);
    expect(await older.json()).toEqual({ views: 1 });
    expect(broughtBy(older)).toBe(SIGNED.new.replace(/^.*; /, ""));
  });

  it("begins anew for a signature that is not its own, and takes that away", async () => {
    const forged = SIGNED.new.replace(/sig=./, "sig=Y");
    const response = await visit(read, undefined, forged);
    expect(await response.json()).toEqual({});
    expect(cookiesOf(response)).toEqual([
      "session.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly",
    ]);
  });

  it("begins anew for a cookie without a signature, and for one that is no JSON", async () => {
    const bare = await visit(read, undefined, "session=eyJ2aWV3cyI6MX0=");
    expect(await bare.json()).toEqual({});
    const broken = await visit(read, { signed: false }, "session=eyJ2aW");
    expect(await broken.json()).toEqual({});
  });

  it("sends nothing to who stores nothing, and nothing again of what has not changed", async () => {
    expect(cookiesOf(await visit(read))).toEqual([]);
    expect(cookiesOf(await visit(() => "not asked"))).toEqual([]);
    expect(cookiesOf(await visit(read, undefined, SIGNED.new))).toEqual([]);
  });

  it("takes the session away where it is set to null, and lets nobody set it to a text", async () => {
    const away: Handler = (req) => {
      req.session = null;
      return req.session;
    };
    const response = await visit(away, undefined, SIGNED.new);
    expect(await response.json()).toBeNull();
    expect(cookiesOf(response)[0]).toBe(
      "session=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly",
    );
    const text: Handler = (req) => Object.assign(req, { session: "text" });
    expect((await visit(text)).status).toBe(500);
  });

  it("tells of a session whether it is new, changed and populated, and shows none of it as a key", async () => {
    const tell: Handler = (req) => {
      const { session = {} } = req;
      const first = [session?.isNew, session?.isChanged, session?.isPopulated];
      Object.assign(session ?? {}, { views: 2 });
      return [first, session?.isChanged, session?.isPopulated, Object.keys(session ?? {})];
    };
    expect(await (await visit(tell)).json()).toEqual([[true, true, false], true, true, ["views"]]);
    expect(await (await visit(tell, undefined, SIGNED.new)).json()).toEqual([
      [false, false, true],
      true,
      true,
      ["views"],
    ]);
  });

  it("takes the options of one request from req.sessionOptions", async () => {
    const options = { keys: ["new"], maxAge: 1000 };
    const longer: Handler = (req) => {
      req.sessionOptions.maxAge = 60_000;
      req.sessionOptions.sameSite = true;
      return write(req);
    };
    const [cookie = ""] = cookiesOf(await visit(longer, options));
    const [, expires = ""] = /expires=([^;]*)/.exec(cookie) ?? [];
    expect(Date.parse(expires) - Date.now()).toBeGreaterThan(30_000);
    expect(cookie).toContain("; samesite=strict; httponly");
    expect(options.maxAge).toBe(1000);
  });

  it("writes every attribute that it is asked for", async () => {
    const options = {
      secret: "new",
      name: "shop.session",
      path: "/",
      domain: "shop.example",
      expires: new Date(0),
      priority: "high",
      sameSite: "none",
      secureProxy: true,
      httpOnly: false,
      partitioned: true,
    } as const;
    const cookies = cookiesOf(await visit(write, options));
    expect(cookies.map((cookie) => cookie.replace(/=[^;]*/, ""))).toEqual(
      ["shop.session", "shop.session.sig"].map(
        (name) =>
          `${name}; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=shop.example; ` +
          "priority=high; samesite=none; secure; partitioned",
      ),
    );
  });

  it("sends no cookie, and fails nothing, where a Secure one goes over plain HTTP or a value is no JSON", async () => {
    const secure = await visit(write, { keys: ["new"], secure: true });
    expect([secure.status, cookiesOf(secure)]).toEqual([200, []]);
    const cycle: Handler = (req) => {
      const session: Record<string, unknown> = {};
      session["self"] = session;
      req.session = session;
    };
    expect(cookiesOf(await visit(cycle))).toEqual([]);
  });

  it("needs keys, a secret, or signed: false", () => {
    expect(() => library()).toThrow(".keys required.");
    expect(() => library({ signed: false })).not.toThrow();
  });

  it("takes a Keygrip of the application's own", async () => {
    const keys = {
      sign: () => "mine",
      index: (_: string, digest: string) => (digest === "mine" ? 0 : -1),
    };
    const response = await visit(write, { keys });
    expect(broughtBy(response)).toBe("session=eyJ2aWV3cyI6MX0=; session.sig=mine");
    expect(await (await visit(read, { keys }, broughtBy(response))).json()).toEqual({ views: 1 });
  });

  it("keeps what else the response says, however its head is written", async () => {
    const app = express();
    app.use(library({ keys: ["new"] }));
    app.use((req: CookieSessionRequest & { url: string }, res) => {
      req.session = { views: 1 };
      res.setHeader("Set-Cookie", "session=other");
      if (req.url === "/list") res.writeHead(201, ["X-Shop", "1", "X-Shop", "2"]);
      else res.writeHead(201, "Made", { "X-Shop": "1", "Set-Cookie": ["theme=dark"] });
      res.end();
    });
    const target = await addressOf(app);
    const [list, named] = [await fetch(`${target}/list`), await fetch(target)];
    expect([list.status, list.headers.get("x-shop"), cookiesOf(list).length]).toEqual([
      201,
      "1, 2",
      2,
    ]);
    expect([named.statusText, cookiesOf(named)[0]]).toEqual(["Made", "theme=dark"]);
    expect(cookiesOf(named)).toHaveLength(3);
  });
});

describe("An application that changes one line", () => {
  const shop = (library: typeof ours) => {
    const app = express();
    app.use(library({ name: "shop", keys: ["new", "old"], maxAge: 86_400_000 }));
    app.get("/sign-in", (req: CookieSessionRequest & { url: string }, res) => {
      req.session = { userId: "ada", cart: ["tea"] };
      res.end();
    });
    app.get("/add", (req: CookieSessionRequest & { url: string }, res) => {
      req.session?.["cart"].push("cup");
      res.json(req.session);
    });
    app.get("/sign-out", (req: CookieSessionRequest & { url: string }, res) => {
      req.session = null;
      res.end();
    });
    app.get("/", (req: CookieSessionRequest & { url: string }, res) => res.json(req.session));
    return app as RequestListener;
  };

  it("keeps everybody signed in: there, back, and there again", async () => {
    let current = shop(theirs);
    const client = testClient(await addressOf((req, res) => current(req, res)));
    await client.get("/sign-in");
    for (const library of [ours, theirs, ours]) {
      current = shop(library);
      expect(await (await client.get("/")).json()).toMatchObject({ userId: "ada" });
      await client.get("/add");
    }
    current = shop(theirs);
    expect(await (await client.get("/")).json()).toEqual({
      userId: "ada",
      cart: ["tea", "cup", "cup", "cup"],
    });
    current = shop(ours);
    await client.get("/sign-out");
    expect(client.cookies().filter(({ name }) => name === "shop")).toEqual([]);
    current = shop(theirs);
    expect(await (await client.get("/")).json()).toEqual({});
  });

  it("answers with the same headers, letter for letter", async () => {
    const [one, other] = [await browserAt(shop(ours)), await browserAt(shop(theirs))];
    for (const path of ["/sign-in", "/add", "/", "/sign-out"]) {
      const responses = [await one.get(path), await other.get(path)];
      const [first, second] = responses.map((response) =>
        [...response.headers]
          .filter(([name]) => name !== "date")
          .map(([name, value]) => [name, value.replace(/expires=[^;]*GMT/g, "expires")]),
      );
      expect(first).toEqual(second);
    }
  });
});
