import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionStore,
  type Sessions,
} from "../../src/index.ts";

interface Shop {
  cart: string[];
  theme: string;
}

const MINUTE_MS = 60_000;
const COOKIE = "__Host-Http-session";

let now: number;
let store: ReturnType<typeof memoryStore>;
let sessions: Sessions<Shop>;
let cookie: string;

/** What a request with a body of work leaves in the browser. */
async function cookieAfter(work: (request: Request) => Promise<void>): Promise<string> {
  const response = await sessions.handle(new Request("https://shop.example/"), async (request) => {
    await work(request);
    return new Response("ok");
  });
  const [line = ""] = response.headers.getSetCookie();
  return line.slice(0, line.indexOf(";"));
}

/** The same records behind another object: what a second process has. */
function sameStore(store: SessionStore): SessionStore {
  return {
    profile: store.profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (stone, expected, call) => store.end(stone, expected, call),
  };
}

function headers(text = cookie): Headers {
  return new Headers({ cookie: text });
}

beforeEach(async () => {
  now = Date.now();
  store = memoryStore();
  sessions = createSessions<Shop>({
    store,
    defaults: { cart: [], theme: "light" },
    clock: { now: () => now },
  });
  cookie = await cookieAfter(async (request) => {
    const session = await sessions.open(request);
    session.set("cart", ["tea"]);
    await session.signIn("u1", { persistent: true });
  });
});

describe("a view", () => {
  it("shows the values, the defaults and the facts", async () => {
    const view = await sessions.read(headers());
    expect(view?.get("cart")).toEqual(["tea"]);
    expect(view?.get("theme")).toBe("light");
    expect(view?.has("theme")).toBe(true);
    expect([...(view?.entries() ?? [])]).toEqual([
      ["cart", ["tea"]],
      ["theme", "light"],
    ]);
    expect(view).toMatchObject({ userId: "u1", persistent: true, createdAt: now, lastSeenAt: now });
    expect(view?.authenticatedAt).toBe(now);
    expect(view?.expiresAt).toBe(now + 14 * 24 * 60 * MINUTE_MS);
    expect(await sessions.find(view?.id ?? "")).toMatchObject({ userId: "u1" });
  });

  it("tells whether the user was there lately", async () => {
    const view = await sessions.read(headers());
    expect(view?.isFresh("10m")).toBe(true);
    now += 10 * MINUTE_MS;
    expect(view?.isFresh("10m")).toBe(false);
    const anonymous = await cookieAfter(async (request) => {
      (await sessions.open(request)).set("theme", "dark");
    });
    expect((await sessions.read(headers(anonymous)))?.isFresh("10m")).toBe(false);
  });

  it("changes nothing, whatever is done to what it gives", async () => {
    const view = await sessions.read(headers());
    view?.get("cart").push("cup");
    now += 20 * MINUTE_MS;
    const again = await sessions.read(headers());
    expect(again?.get("cart")).toEqual(["tea"]);
    expect(again?.lastSeenAt).toBe(view?.lastSeenAt);
  });
});

describe("a view is had from", () => {
  it("a Request, over HTTPS", async () => {
    const request = (url: string): Request => new Request(url, { headers: { cookie } });
    expect((await sessions.read(request("https://shop.example/")))?.userId).toBe("u1");
    expect(await sessions.read(request("http://shop.example/"))).toBeUndefined();
  });

  it("an IncomingMessage, as a WebSocket's upgrade has it", async () => {
    const message = new IncomingMessage(Object.assign(new Socket(), { encrypted: true }));
    message.headers.cookie = cookie;
    expect((await sessions.read(message))?.userId).toBe("u1");
    const plain = new IncomingMessage(new Socket());
    plain.headers.cookie = cookie;
    expect(await sessions.read(plain)).toBeUndefined();
  });

  it.each<[unknown]>([[undefined], [null], ["session=x"], [{}], [{ headers: {} }], [new Map()]])(
    "nothing else: not from %o",
    async (source) => {
      const reading = Promise.resolve(Reflect.apply(sessions.read, sessions, [source]));
      await expect(reading).rejects.toBeInstanceOf(OptionsError);
    },
  );
});

describe("there is no view", () => {
  it.each([
    ["without a cookie", ""],
    ["of another cookie", "other=1"],
    ["of a malformed token", `${COOKIE}=hello`],
    ["of an unknown token", `${COOKIE}=${"A".repeat(43)}`],
  ])("%s", async (_name, text) => {
    expect(await sessions.read(headers(text))).toBeUndefined();
  });

  it("of two cookies of one prefixed name", async () => {
    expect(await sessions.read(headers(`${cookie}; ${cookie}`))).toBeUndefined();
  });

  it("of a session that has ended or expired", async () => {
    now += 15 * 24 * 60 * MINUTE_MS;
    expect(await sessions.read(headers())).toBeUndefined();
    now -= 15 * 24 * 60 * MINUTE_MS;
    await sessions.revokeAll({ userId: "u1" });
    expect(await sessions.read(headers())).toBeUndefined();
  });
});

describe("a view of data that the schema refuses", () => {
  it("is none, and the data stays", async () => {
    const kept = memoryStore();
    const loose = createSessions({ store: kept });
    const response = await loose.handle(new Request("https://shop.example/"), async (request) => {
      (await loose.open(request)).set("cart", 7);
      return new Response("ok");
    });
    const [line = ""] = response.headers.getSetCookie();
    // Another process, with the same name on the same store.
    const strict = createSessions({
      store: sameStore(kept),
      schema: z.object({ cart: z.string().default("") }),
    });
    const text = line.slice(0, line.indexOf(";"));
    expect(await strict.read(headers(text))).toBeUndefined();
    expect((await loose.read(headers(text)))?.get("cart")).toBe(7);
  });
});
