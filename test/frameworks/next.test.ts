import { afterEach, describe, expect, expectTypeOf, it } from "vitest";
import { createSessions } from "../../src/create-sessions.ts";
import { nextSessions } from "../../src/frameworks/next.ts";
import { leaveCookies } from "../../src/frameworks/port/next-cookies.ts";
import type { OptionsError, Session, Sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory/index.ts";

interface Shop {
  visits: number;
}

const made: Sessions<Shop>[] = [];

function make(name?: string): Sessions<Shop> {
  const sessions = createSessions<Shop>({ name, store: memoryStore(), defaults: { visits: 0 } });
  made.push(sessions);
  return sessions;
}

afterEach(async () => {
  for (const sessions of made.splice(0)) await sessions.close();
});

// The rest is told by the real Next: test/built/next.
describe("the sessions of a Next.js process", () => {
  it("are those that were made first, and no others are made", () => {
    const first = nextSessions(() => make());
    const second = nextSessions(() => make());
    expect(second.sessions).toBe(first.sessions);
    expect(made).toHaveLength(1);
    expect(nextSessions(make()).sessions).toBe(first.sessions);
  });

  it("are others by another name", () => {
    const { sessions } = nextSessions(() => make());
    const office = nextSessions(() => make("office"), { name: "office" });
    expect(office.sessions).not.toBe(sessions);
    expect(nextSessions(make("office")).sessions).toBe(office.sessions);
  });

  it("are made anew once they are closed", async () => {
    const { sessions } = nextSessions(() => make());
    await sessions.close();
    expect(nextSessions(() => make()).sessions).not.toBe(sessions);
  });

  it("are refused under a name that is not theirs", () => {
    const option = "nextSessions(options).name";
    expect(() => nextSessions(() => make("office"))).toThrow(
      expect.objectContaining<Partial<OptionsError>>({ option }),
    );
    expect(() => nextSessions(() => make(), { name: "office" })).toThrow(/"session"/);
    expect(() => nextSessions(make("office"), { name: "shop" })).toThrow(/"office"/);
  });

  it("are refused where they are none, and an option that there is not", () => {
    expect(() => nextSessions(Object({}))).toThrow(/createSessions/);
    expect(() => nextSessions(() => make(), Object({ key: "office" }))).toThrow(/key/);
  });

  it("have types of their own", () => {
    const { openSession, withSession } = nextSessions(() => make());
    expectTypeOf(openSession).returns.resolves.toEqualTypeOf<Session<Shop>>();
    const action = withSession(async (form: FormData) => String(form.get("user")));
    expectTypeOf(action).toEqualTypeOf<(form: FormData) => Promise<string>>();
    const handler = withSession((request: Request) => new Response(request.url));
    expectTypeOf(handler).toEqualTypeOf<(request: Request) => Promise<Response>>();
  });
});

it("lets a cookie that is deleted on one path give way to the same one on another", () => {
  const set: unknown[][] = [];
  const jar = { getAll: () => [], set: (...cookie: unknown[]) => set.push(cookie) };
  const headers = new Headers();
  headers.append("Set-Cookie", "session=; Max-Age=0; Path=/old");
  headers.append("Set-Cookie", "session=token; Path=/; HttpOnly");
  headers.append("Set-Cookie", "other=; Max-Age=0; Path=/");
  leaveCookies(headers, jar);
  expect(set).toEqual([
    ["session", "token", { path: "/", httpOnly: true }],
    ["other", "", { maxAge: 0, path: "/" }],
  ]);
});
