import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionOptions,
  type TrustProxy,
  type Untyped,
} from "../../src/index.ts";

const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

interface Connection {
  readonly url: string;
  readonly remoteAddress?: string;
  readonly headers?: Record<string, string>;
  readonly trustProxy?: TrustProxy;
  readonly production?: boolean;
}

async function cookiesOver(connection: Connection, count = 1): Promise<string[]> {
  const { url, remoteAddress, headers = {}, trustProxy, production = false } = connection;
  vi.stubEnv("NODE_ENV", production ? "production" : "development");
  const store = memoryStore();
  const sessions = createSessions<Untyped>({
    store,
    ...(trustProxy === undefined ? {} : { trustProxy }),
  });
  const cookies: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const response = await sessions.handle(
      new Request(url, { headers }),
      async (request) => {
        (await sessions.open(request)).set("n", 1);
        return new Response();
      },
      remoteAddress === undefined ? {} : { remoteAddress },
    );
    expect(response.status).toBe(200);
    cookies.push(...response.headers.getSetCookie());
  }
  return cookies.map((line) => line.replace(/=[^;]*/, "="));
}

const SECURE = ["__Host-Http-session=; Path=/; HttpOnly; Secure; SameSite=Lax"];
const PLAIN = ["session=; Path=/; HttpOnly; SameSite=Lax"];
const sorted = (lines: readonly string[]): string[][] =>
  lines.map((line) => line.split("; ").sort());

describe("over HTTPS", () => {
  it("the cookie is sent with every protection, in production and development", async () => {
    for (const production of [true, false]) {
      const cookies = await cookiesOver({ url: "https://shop.test/", production });
      expect(sorted(cookies)).toEqual(sorted(SECURE));
    }
    expect(warnings).toEqual([]);
  });
});

describe("over plain HTTP", () => {
  it("in production nothing is sent, and a loud message says why, once", async () => {
    for (const remoteAddress of ["127.0.0.1", "203.0.113.7"]) {
      warnings.length = 0;
      const connection = { url: "http://localhost/", remoteAddress, production: true };
      expect(await cookiesOver(connection, 3)).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("trustProxy");
    }
  });

  it("in development nothing is sent to another host than this one, and it is said", async () => {
    expect(await cookiesOver({ url: "http://shop.test/", remoteAddress: "127.0.0.1" }, 2)).toEqual(
      [],
    );
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("localhost");
  });

  it.each([
    "http://localhost:3000/",
    "http://127.0.0.1/",
    "http://[::1]:8080/",
    "http://a.localhost/",
  ])("in development a plain cookie serves %s from this machine", async (url) => {
    for (const remoteAddress of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
      expect(sorted(await cookiesOver({ url, remoteAddress }))).toEqual(sorted(PLAIN));
    }
  });

  it.each([
    undefined,
    "203.0.113.7",
    "10.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1x",
    "localhost",
    "",
  ])("in development a Host header alone proves nothing: from %s", async (remoteAddress) => {
    const connection = { url: "http://localhost/", ...(remoteAddress && { remoteAddress }) };
    expect(await cookiesOver(connection)).toEqual([]);
  });

  it.each([
    "http://localhost.evil.test/",
    "http://127.0.0.1.evil.test/",
    "http://evil.test/localhost",
    "http://localhost@evil.test/".replace("localhost@", ""),
    "http://0.0.0.0/",
    "http://128.0.0.1/",
    "http://xlocalhost/",
  ])("in development %s is not this machine", async (url) => {
    expect(await cookiesOver({ url, remoteAddress: "127.0.0.1" })).toEqual([]);
  });

  it("a token that came in plainly is not believed", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const sessions = createSessions<Untyped>({ store: memoryStore() });
    const reasons: string[] = [];
    sessions.on("rejected", ({ reason }) => void reasons.push(reason));
    const signIn = await sessions.handle(new Request("https://shop.test/"), async (request) => {
      await (await sessions.open(request)).signIn("ada");
      return new Response();
    });
    const [cookie = ""] = signIn.headers.getSetCookie();
    const plain = new Request("http://shop.test/", {
      headers: { cookie: cookie.split(";", 1)[0] ?? "" },
    });
    const response = await sessions.handle(plain, async (request) =>
      Response.json((await sessions.open(request)).userId ?? null),
    );
    expect(await response.json()).toBeNull();
    expect(reasons).toEqual(["insecure"]);
    expect(await sessions.list({ userId: "ada" })).toHaveLength(1);
  });
});

describe("behind a proxy", () => {
  const forwarded = { "x-forwarded-proto": "https" };
  const from = (remoteAddress: string, trustProxy?: TrustProxy): Promise<string[]> =>
    cookiesOver({
      url: "http://shop.test/",
      remoteAddress,
      headers: forwarded,
      production: true,
      ...(trustProxy === undefined ? {} : { trustProxy }),
    });

  it.each([
    ["127.0.0.1", ["loopback"]],
    ["::1", ["loopback"]],
    ["::ffff:127.0.0.1", ["loopback"]],
    ["::FFFF:127.0.0.1", ["loopback"]],
    ["10.1.2.3", ["private"]],
    ["172.31.255.255", ["private"]],
    ["192.168.0.9", ["private"]],
    ["fd00::1", ["private"]],
    ["::ffff:10.0.0.8", ["10.0.0.0/8"]],
    ["2001:db8::7", ["2001:db8::7"]],
    ["2001:0db8:0:0:0:0:0:7", ["2001:db8::7"]],
    ["2001:db8:1::1", ["2001:db8::/32"]],
    ["198.51.100.1", ["loopback", "198.51.100.1"]],
    ["8.8.8.8", ["0.0.0.0/0"]],
  ] as const)("the word of %s is believed by %j", async (remoteAddress, trustProxy) => {
    expect(await from(remoteAddress, trustProxy)).toHaveLength(1);
  });

  it.each([
    ["203.0.113.7", undefined],
    ["203.0.113.7", ["loopback", "private"]],
    ["172.32.0.1", ["private"]],
    ["11.0.0.1", ["10.0.0.0/8"]],
    ["2001:db9::1", ["2001:db8::/32"]],
    ["198.51.100.2", ["198.51.100.1"]],
    ["not an address", ["private"]],
    ["", ["private"]],
    ["127.0.0.1", []],
  ] as const)("the word of %s is not believed by %j", async (remoteAddress, trustProxy) => {
    expect(await from(remoteAddress, trustProxy)).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("proxy");
  });

  it.each(["http", "https, http", "http, https", "", "httpsx", "HTTPS,http", ",https"])(
    "what it says must be https all along: %j",
    async (protocol) => {
      const cookies = await cookiesOver({
        url: "http://shop.test/",
        remoteAddress: "127.0.0.1",
        headers: { "x-forwarded-proto": protocol },
        trustProxy: ["loopback"],
        production: true,
      });
      expect(cookies).toEqual([]);
    },
  );

  it("of a chain each link has to be encrypted, in any case of letters", async () => {
    const cookies = await cookiesOver({
      url: "http://shop.test/",
      remoteAddress: "127.0.0.1",
      headers: { "x-forwarded-proto": "HTTPS, https" },
      trustProxy: ["loopback"],
      production: true,
    });
    expect(cookies).toHaveLength(1);
  });

  it("all proxies are believed where the application says so, known or not", async () => {
    expect(await from("203.0.113.7", "all")).toHaveLength(1);
    const connection = { url: "http://shop.test/", headers: forwarded, production: true };
    expect(await cookiesOver({ ...connection, trustProxy: "all" })).toHaveLength(1);
  });

  it("in development a proxy on this machine is not taken for a browser on it", async () => {
    const cookies = await cookiesOver({
      url: "http://localhost/",
      remoteAddress: "127.0.0.1",
      headers: { "x-forwarded-proto": "http" },
    });
    expect(cookies).toEqual([]);
  });

  it.each([
    "loopback",
    "none",
    true,
    5,
    ["localhost"],
    ["10.0.0.0/33"],
    ["10.0.0.0/"],
    ["10.0.0.0/-1"],
    ["10.0.0/8"],
    ["::1/129"],
    ["*"],
    [""],
    [null],
    ["all"],
    ["constructor"],
    ["__proto__"],
    ["10.0.0.0/8/8"],
  ])("%j is refused for trustProxy", (trustProxy) => {
    expect(() => createSessions({ store: memoryStore(), trustProxy: trustProxy as never })).toThrow(
      expect.objectContaining({ code: "ERR_SESSION_OPTIONS", option: "trustProxy" }),
    );
  });
});

const schema = (validate: (value: unknown) => unknown): unknown => ({
  "~standard": { version: 1, vendor: "test", validate },
});

const WRONG: readonly [option: string, options: unknown][] = [
  ["idleTimeout", { idleTimeout: 0 }],
  ["idleTimeout", { idleTimeout: -1 }],
  ["idleTimeout", { idleTimeout: Number.NaN }],
  ["idleTimeout", { idleTimeout: Number.POSITIVE_INFINITY }],
  ["idleTimeout", { idleTimeout: "30" }],
  ["idleTimeout", { idleTimeout: "30 m" }],
  ["idleTimeout", { idleTimeout: "half an hour" }],
  ["idleTimeout", { idleTimeout: null }],
  ["idleTimeout", { idleTimeout: true }],
  ["idleTimeout", { idleTimeout: ["30m"] }],
  ["idleTimeout", { idleTimeout: "13h" }],
  ["absoluteTimeout", { absoluteTimeout: "12 hours" }],
  ["persistent.idleTimeout", { persistent: { idleTimeout: "91d" } }],
  ["persistent.absoluteTimeout", { persistent: { absoluteTimeout: 0 } }],
  ["anonymous.idleTimeout", { anonymous: { idleTimeout: "x" } }],
  ["anonymous.idleTimeout", { anonymous: { idleTimeout: "2h", absoluteTimeout: "1h" } }],
  ["persistent", { persistent: true }],
  ["anonymous", { anonymous: "1h" }],
  ["persistent.maxAge", { persistent: { maxAge: "1h" } }],
  ["storeTimeout", { storeTimeout: 0 }],
  ["storeTimeout", { storeTimeout: "5 s" }],
  ["maxDataBytes", { maxDataBytes: 0 }],
  ["maxDataBytes", { maxDataBytes: 1.5 }],
  ["maxDataBytes", { maxDataBytes: "1000" }],
  ["maxDataBytes", { maxDataBytes: Number.POSITIVE_INFINITY }],
  ["cacheControl", { cacheControl: "public" }],
  ["name", { name: "" }],
  ["name", { name: 5 }],
  ["name", { name: "my session" }],
  ["name", { name: "a;b" }],
  ["name", { name: "é" }],
  ["name", { name: "a\r\nb" }],
  ["clock", { clock: {} }],
  ["clock", { clock: null }],
  ["store", { store: {} }],
  ["store", { store: null }],
  ["store", { store: "redis" }],
  ["store", { store: new Map() }],
  ["defaults", { defaults: [] }],
  ["defaults", { defaults: null }],
  ["defaults", { defaults: 5 }],
  ["defaults", { defaults: { at: new Date() } }],
  ["defaults", { defaults: { f: () => 1 } }],
  ["defaults", { defaults: JSON.parse('{"__proto__":{"admin":true}}') }],
  ["defaults", { defaults: {}, schema: schema((value) => ({ value })) }],
  ["migrate", { migrate: (stored: unknown) => stored }],
  ["schema", { schema: {} }],
  ["schema", { schema: null }],
  ["schema", { schema: schema(() => ({ issues: [{ message: "no", path: ["n"] }] })) }],
  ["schema", { schema: schema(async (value) => ({ value })) }],
  ["cookie.domain", { cookie: { prefix: "", domain: "ex ample.test" } }],
  ["cookie.sameSite", { cookie: { sameSite: "Lax" } }],
  ["cookie.secure", { cookie: { prefix: "", secure: "false" } }],
  ["cookie.maxAge", { cookie: { maxAge: "401d" } }],
  ["cookie.samesite", { cookie: { samesite: "lax" } }],
  ["cookie", { cookie: "session" }],
  ["trustProxy", { trustProxy: "loopback" }],
];

describe("an option that is wrong is named at the door", () => {
  it.each(WRONG)("%s, as in %o", (option, options) => {
    const make = (): unknown =>
      createSessions({ store: memoryStore(), ...(options as SessionOptions) });
    let caught: unknown;
    try {
      make();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(OptionsError);
    expect((caught as OptionsError).option).toBe(option);
    expect((caught as OptionsError).message.length).toBeLessThan(500);
  });

  it("an unknown one too, with the name that was meant", () => {
    const make = (options: object) => () => createSessions({ store: memoryStore(), ...options });
    expect(make({ idleTimout: 1 })).toThrow(/idleTimeout/);
    expect(make({ secret: "x" })).toThrow(/secret/);
    expect(make({ constructor: 1 })).toThrow(OptionsError);
    expect(() => createSessions(null as never)).toThrow(OptionsError);
    expect(() => createSessions("sessions.db" as never)).toThrow(OptionsError);
  });

  it("a second manager of one name on one store, until the first is closed", async () => {
    const store = memoryStore();
    const first = createSessions({ store });
    expect(() => createSessions({ store })).toThrow(
      expect.objectContaining({ option: "name", code: "ERR_SESSION_OPTIONS" }),
    );
    const admin = createSessions({ store, name: "admin" });
    await first.close();
    const second = createSessions({ store });
    expect(await second.find("s_".padEnd(45, "A"))).toBeUndefined();
    await admin.close();
    await second.close();
  });

  it("a manager that could not be made does not keep its name", () => {
    const store = memoryStore();
    expect(() => createSessions({ store, idleTimeout: 0 })).toThrow(OptionsError);
    expect(() => createSessions({ store, trustProxy: ["x"] })).toThrow(OptionsError);
    expect(() => createSessions({ store })).not.toThrow();
  });

  it("no store in production, and a notice in development", () => {
    vi.stubEnv("NODE_ENV", "production");
    expect(() => createSessions()).toThrow(expect.objectContaining({ option: "store" }));
    vi.stubEnv("NODE_ENV", "development");
    expect(() => createSessions()).not.toThrow();
    expect(warnings).toHaveLength(1);
  });

  it("a request that no adapter has seen", async () => {
    const sessions = createSessions({ store: memoryStore() });
    for (const request of [new Request("https://localhost/"), {}, null, undefined, 5, "x"]) {
      await expect(sessions.open(request as never)).rejects.toMatchObject({
        code: "ERR_SESSION_OPTIONS",
      });
    }
    await expect(sessions.read({} as never)).rejects.toMatchObject({ code: "ERR_SESSION_OPTIONS" });
  });

  it("a request that is handled twice", async () => {
    const sessions = createSessions({ store: memoryStore() });
    const request = new Request("https://localhost/");
    const twice = sessions.handle(request, () => sessions.handle(request, () => new Response()));
    expect((await twice).status).toBe(500);
  });
});

describe("making a manager", () => {
  it("touches no store, draws nothing, starts no timer", () => {
    const store = memoryStore();
    const spies = (["load", "create", "update", "end", "touch"] as const).map((method) =>
      vi.spyOn(store, method),
    );
    const timers = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "setInterval")];
    createSessions({ store, clock: { now: () => expect.unreachable("the clock was read") } });
    for (const spy of [...spies, ...timers]) expect(spy).not.toHaveBeenCalled();
  });
});
