import { runInThisContext } from "node:vm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  createSessions,
  memoryStore,
  type Session,
  type SessionView,
  type Untyped,
} from "../../src/index.ts";

type Assign = (session: object, name: PropertyKey, value: unknown) => void;

const sloppy: Assign = runInThisContext("(function (s, name, value) { s[name] = value; })");
const strict: Assign = (session, name, value) => {
  Object(session)[name] = value;
};

let session: Session<Untyped>;
let view: SessionView<Untyped>;

beforeEach(async () => {
  const sessions = createSessions({ store: memoryStore() });
  const response = await sessions.handle(new Request("https://shop.example/"), async (request) => {
    session = await sessions.open(request);
    session.set("cart", ["tea"]);
    return new Response();
  });
  const [cookie = ""] = response.headers.getSetCookie();
  const found = await sessions.read(new Headers({ cookie: cookie.split(";", 1).join() }));
  if (found === undefined) throw new Error("no session");
  view = found;
});

describe.each([
  ["strict code", strict],
  ["code that is not strict", sloppy],
])("%s", (_name, assign) => {
  it.each(["user", "cart", "returnTo", "__proto", Symbol("user")])(
    "hears what to write when it assigns what is no part of a session: %s",
    (name) => {
      const error = { code: "ERR_SESSION_OPTIONS", status: 500, option: `session.${String(name)}` };
      expect(() => assign(session, name, "ada")).toThrow(expect.objectContaining(error));
      expect(() => assign(session, name, "ada")).toThrow(`session.set("${String(name)}", value)`);
      expect(() => assign(view, name, "ada")).toThrow(expect.objectContaining(error));
      expect(() => assign(view, name, "ada")).toThrow("await sessions.open(request)");
    },
  );

  it.each(["id", "userId", "expiresAt", "isNew"])(
    "cannot assign what is only shown: %s",
    (name) => {
      const before: unknown = Reflect.get(session, name);
      expect(() => assign(session, name, "ada")).toThrow("it can only be read");
      expect(Reflect.get(session, name)).toBe(before);
    },
  );

  it("may still set what can be set", () => {
    const sessions = createSessions({ store: memoryStore() });
    return sessions.handle(new Request("https://shop.example/"), async (request) => {
      const open = await sessions.open(request);
      assign(open, "persistent", true);
      expect(open.persistent).toBe(true);
      return new Response();
    });
  });
});

describe("a session", () => {
  it("reads as any object does where it has nothing", async () => {
    expect(Reflect.get(session, "user")).toBeUndefined();
    expect("user" in session).toBe(false);
    expect(String(session)).toBe("[object Object]");
    expect(session).toBeInstanceOf(Object);
    expect(await session).toBe(session);
    expect(await view).toBe(view);
  });

  it("can be spied on", () => {
    const spy = vi.spyOn(session, "get").mockReturnValue("spied");
    expect(session.get("cart")).toBe("spied");
    spy.mockRestore();
    expect(session.get("cart")).toEqual(["tea"]);
  });

  it("that was only read keeps its facts, in every kind of code", () => {
    const { userId } = view;
    expect(() => strict(view, "userId", "eve")).toThrow(TypeError);
    sloppy(view, "userId", "eve");
    expect(view.userId).toBe(userId);
  });
});
