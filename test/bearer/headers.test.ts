import { describe, expect, it } from "vitest";
import { type BearerOptions, bearer, cookieOrBearer } from "../../src/cookies/bearer/index.ts";
import { cookieCache, cookieStore } from "../../src/cookies/cookie.ts";
import {
  type CookieSessionOptions,
  createSessions,
  type SessionOptions,
  type Untyped,
} from "../../src/index.ts";
import { flaskSessions } from "../../src/interop/flask/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";
import { issue } from "../../src/testing/index.ts";
import { NONE, newKey } from "../cookies/support/cookie-world.ts";
import { by, type HeaderMap, shop, signIn } from "./support/shop.ts";

describe("a header of the application's own", () => {
  const options: BearerOptions = { header: "X-Shop-Session" };

  it("brings the bare token and takes the new one back, beside an Authorization of others", async () => {
    const { ask } = shop(bearer(options));
    const proxy = { authorization: "Basic YWRhOmFkYQ==" };
    const { headers } = await ask({ ...proxy, "x-shop-session": "" }, signIn);
    const token = headers.get("x-shop-session") ?? "";
    expect(headers.get("vary")).toBe("X-Shop-Session");
    expect(headers.has("session-token")).toBe(false);
    expect(await (await ask({ ...proxy, "x-shop-session": token })).json()).toBe("ada");
    expect(await (await ask(by(token))).json()).toBeNull();
  });

  it("keeps two managers apart that are mounted together", async () => {
    const store = memoryStore();
    const shopping = createSessions<Untyped>({ store, transport: bearer() });
    const office = createSessions<Untyped>({ store, name: "office", transport: bearer(options) });
    const visit = (headers: HeaderMap, user?: string): Promise<Response> =>
      shopping.handle(new Request("https://shop.test/", { headers }), (request) =>
        office.handle(request, async () => {
          const open = [await shopping.open(request), await office.open(request)] as const;
          if (user !== undefined) for (const session of open) await session.signIn(user);
          return Response.json(open.map(({ userId }) => userId ?? null));
        }),
      );
    const { headers } = await visit({}, "ada");
    const token = headers.get("session-token") ?? "";
    const other = headers.get("x-shop-session") ?? "";
    expect(token).not.toBe(other);
    expect(await (await visit(by(token))).json()).toEqual(["ada", null]);
    expect(await (await visit({ "x-shop-session": other })).json()).toEqual([null, "ada"]);
    expect(await (await visit({ ...by(other), "x-shop-session": token })).json()).toEqual([
      null,
      null,
    ]);
  });

  it("answers in another one where that is wished", async () => {
    const { ask } = shop(bearer({ answer: "X-New-Token" }));
    const { headers } = await ask({}, signIn);
    expect(headers.get("x-new-token")).toMatch(/^[\w-]{43}$/);
  });

  it.each(["", "two words", "x-tökén", "colon:", 7])(
    "is refused where it is no name: %s",
    (header) => {
      const make = (): unknown => bearer({ header } as BearerOptions);
      expect(make).toThrow("bearer.header: must be the name of a header");
    },
  );

  it.each([
    ...["Accept", "Content-Type", "Accept-Language", "Range", "Save-Data", "Sec-Token", "DPR"],
    ...["Cookie", "Host", "Origin", "Proxy-Authorization", "X-Forwarded-For", "Connection"],
  ])("is refused where pages, browsers or proxies send it unasked: %s", (header) => {
    expect(() => cookieOrBearer({ header })).toThrow("cookieOrBearer.header: ");
  });

  it.each(["Set-Cookie", "Vary", "Cache-Control", "Location", "WWW-Authenticate"])(
    "is refused where a response has it already: %s",
    (answer) => {
      expect(() => bearer({ answer })).toThrow("bearer.answer: ");
    },
  );

  it("is left out for Authorization", () => {
    expect(() => bearer({ header: "authorization" })).toThrow("leave it out");
    expect(() => bearer({ headers: "x" } as BearerOptions)).toThrow("bearer.headers");
  });
});

describe("sessions that cannot travel in headers", () => {
  const transport = bearer();

  it("are those in cookies, and those that are shared by a cookie", () => {
    const keys = newKey();
    const stores = [
      cookieStore({ revocations: NONE }),
      cookieCache(memoryStore(), { maxStaleness: "30s" }),
      flaskSessions({ secretKey: "x".repeat(32) }),
    ];
    for (const store of stores) {
      const options = { store, keys, transport } as unknown as SessionOptions;
      expect(() => createSessions(options)).toThrow("transport: needs sessions in a store of ours");
    }
  });

  it.each([{ cookie: { sameSite: "strict" } }, { adopt: [] }] as const)(
    "have options that are about cookies: %o",
    (options) => {
      const make = (): unknown => createSessions({ store: memoryStore(), transport, ...options });
      expect(make).toThrow("is about cookies, and bearer() reads and sends none");
    },
  );

  it("are told from what is no transport", () => {
    const options = { transport: "bearer" } as unknown as SessionOptions;
    expect(() => createSessions(options)).toThrow("transport: must be bearer()");
    const store = cookieStore({ revocations: NONE });
    // @ts-expect-error only sessions in a store of ours have a transport
    const never: CookieSessionOptions = { store, keys: "", transport };
    expect(never).toBeDefined();
  });

  it("are not made by issue(), which makes cookies", async () => {
    await expect(issue(shop(bearer()).sessions)).rejects.toThrow("sign in by a request");
    const both = shop(cookieOrBearer());
    const { value } = await issue(both.sessions, { userId: "ada" });
    expect(await (await both.ask(by(value))).json()).toBe("ada");
  });
});
