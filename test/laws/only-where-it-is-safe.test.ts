import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cookieStore } from "../../src/cookies/cookie.ts";
import {
  type CookieOptions,
  createSessions,
  memoryStore,
  OptionsError,
  type Session,
  type SessionOptions,
  type SessionStore,
  type Sessions,
  type TrustProxy,
  type Untyped,
} from "../../src/index.ts";
import { issue } from "../../src/testing/index.ts";
import { durableStore, newKey } from "../cookies/support/cookie-world.ts";

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
  /** In place of "development"; `undefined` is none at all. */
  readonly nodeEnv?: string | undefined;
  readonly cookie?: CookieOptions;
}

async function cookiesOver(connection: Connection, count = 1): Promise<string[]> {
  const { url, remoteAddress, headers = {}, trustProxy, cookie, production = false } = connection;
  const stage = production ? "production" : "development";
  vi.stubEnv("NODE_ENV", "nodeEnv" in connection ? connection.nodeEnv : stage);
  const store = memoryStore();
  const sessions = createSessions<Untyped>({
    store,
    ...(trustProxy === undefined ? {} : { trustProxy }),
    ...(cookie === undefined ? {} : { cookie }),
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
  it("the cookie is sent with every protection, in production and development [ASVS 3.3.1, ASVS 3.3.2, ASVS 3.3.3, ASVS 3.3.4, WSTG-SESS-02, WSTG-SESS-09, NIST 5.1 persistence, NIST 5.1.1 secure]", async () => {
    for (const production of [true, false]) {
      const cookies = await cookiesOver({ url: "https://shop.test/", production });
      expect(sorted(cookies)).toEqual(sorted(SECURE));
    }
    expect(warnings).toEqual([]);
  });
});

describe("over plain HTTP", () => {
  it("in production nothing is sent, and a loud message says why, once [WSTG-SESS-09, NIST 5.1 tls]", async () => {
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

  it.each(["203.0.113.7", "::ffff:203.0.113.7", "2001:db8::7", "::ffff:7f00:1x", "localhost"])(
    "in development a Host header alone proves nothing: from %s",
    async (remoteAddress) => {
      expect(await cookiesOver({ url: "http://localhost/", remoteAddress })).toEqual([]);
    },
  );

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

  it("a token that came in plainly is not believed [WSTG-SESS-04, WSTG-SESS-09, NIST 5.1 tls]", async () => {
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

describe("where NODE_ENV is not set", () => {
  const unset = { url: "http://localhost:3000/", remoteAddress: "127.0.0.1", nodeEnv: undefined };

  it.each(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])(
    "a plain cookie goes to a browser on this machine, and that is said once: %s",
    async (remoteAddress) => {
      const cookies = await cookiesOver({ ...unset, remoteAddress }, 3);
      expect(sorted(cookies)).toEqual([...sorted(PLAIN), ...sorted(PLAIN), ...sorted(PLAIN)]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/NODE_ENV is not set.*In production set NODE_ENV=production/);
    },
  );

  it.each(["http://localhost/", "http://127.0.0.1:8080/", "http://[::1]/", "http://a.localhost/"])(
    "at any name of this machine: %s",
    async (url) => {
      expect(sorted(await cookiesOver({ ...unset, url }))).toEqual(sorted(PLAIN));
    },
  );

  it.each([
    undefined,
    "",
    "203.0.113.7",
    "10.0.0.1",
    "172.17.0.1",
    "192.168.1.5",
    "::ffff:10.0.0.1",
    "::ffff:7f00:1x",
    "localhost",
  ])("a Host header alone proves nothing: from %s", async (remoteAddress) => {
    const { remoteAddress: _, ...elsewhere } = unset;
    const connection = remoteAddress === undefined ? elsewhere : { ...unset, remoteAddress };
    expect(await cookiesOver(connection)).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("set NODE_ENV=development");
  });

  it.each([
    "http://shop.test/",
    "http://192.168.1.5:3000/",
    "http://10.0.0.1/",
    "http://my.local/",
  ])("a peer alone proves nothing: at %s", async (url) => {
    expect(await cookiesOver({ ...unset, url })).toEqual([]);
  });

  it.each([
    ["x-forwarded-proto", "http"],
    ["x-forwarded-proto", "https"],
    ["x-forwarded-for", "127.0.0.1"],
    ["x-forwarded-host", "localhost"],
    ["x-forwarded-server", "shop.example"],
    ["x-forwarded-port", "443"],
    ["x-forwarded-ssl", "on"],
    ["x-forwarded-anything", "1"],
    ["X-Forwarded", "for=1"],
    ["forwarded", "for=127.0.0.1"],
    ["via", "1.1 proxy"],
    ["x-real-ip", "127.0.0.1"],
    ["true-client-ip", "203.0.113.7"],
    ["cf-connecting-ip", "203.0.113.7"],
    ["x-envoy-external-address", "203.0.113.7"],
    ["forwarded-for", "203.0.113.7"],
    ["surrogate-capability", 'cdn="Surrogate/1.0"'],
    ["x-varnish", "32770"],
    ["x-vercel-id", "fra1::abc"],
    ["wl-proxy-ssl", "true"],
    ["connection", "close"],
  ])("a sign of a proxy on this machine is enough against it: %s: %s", async (name, value) => {
    expect(await cookiesOver({ ...unset, headers: { [name]: value } })).toEqual([]);
  });

  it.each([
    { origin: "https://shop.example" },
    { origin: "null", referer: "https://shop.example/sign-in" },
  ])(
    "a page of the same origin that came by HTTPS shows a proxy that adds nothing: %j",
    async (of) => {
      const headers = { "sec-fetch-site": "same-origin", connection: "keep-alive", ...of };
      expect(await cookiesOver({ ...unset, headers })).toEqual([]);
    },
  );

  it("a page of the same origin that came by HTTP shows none, whatever a dev server made of Host", async () => {
    const origin = "http://localhost:5173";
    const headers = { "sec-fetch-site": "same-origin", origin, referer: `${origin}/` };
    expect(sorted(await cookiesOver({ ...unset, headers }))).toEqual(sorted(PLAIN));
  });

  it("what a sign-in elsewhere brings along is no sign of a proxy", async () => {
    const headers = {
      origin: "https://accounts.example",
      referer: "https://accounts.example/choose?x=1",
      connection: "keep-alive",
      "sec-fetch-site": "cross-site",
      "x-requested-with": "XMLHttpRequest",
    };
    expect(sorted(await cookiesOver({ ...unset, headers }))).toEqual(sorted(PLAIN));
  });

  it.each<Partial<Connection>>([
    { trustProxy: ["loopback"] },
    { trustProxy: [] },
    { cookie: { secure: true } },
    { cookie: { prefix: "__Host-Http-" } },
    { cookie: { prefix: "" } },
    { cookie: { prefix: "__Secure-", domain: "shop.example" } },
  ])("never where an option speaks of HTTPS: %j", async (options) => {
    expect(await cookiesOver({ ...unset, ...options })).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/is, this counts as production.*set NODE_ENV=development/);
  });

  it("unless options ask for a plain one by name", async () => {
    const cookie = { prefix: "", secure: false } as const;
    expect(
      await cookiesOver({ url: "http://shop.test/", nodeEnv: undefined, cookie }),
    ).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it("other options take nothing away", async () => {
    const cookie = { sameSite: "strict", prefix: undefined, secure: undefined } as never;
    expect(await cookiesOver({ ...unset, cookie })).toHaveLength(1);
  });
});

describe.each(["development", "test"])("where NODE_ENV is %s", (nodeEnv) => {
  const dev = async (connection: Omit<Connection, "nodeEnv">): Promise<string[]> =>
    cookiesOver({ ...connection, nodeEnv });
  const DEV_SERVER = {
    "x-forwarded-proto": "http",
    "x-forwarded-host": "localhost:5173",
    "x-forwarded-port": "5173",
    "x-forwarded-for": "::1",
  };

  it.each<[string, Connection]>([
    ["localhost, no socket known", { url: "http://localhost/" }],
    ["a container's published port", { url: "http://localhost/", remoteAddress: "172.17.0.1" }],
    ["Docker Desktop's", { url: "http://localhost:8080/", remoteAddress: "::ffff:192.168.65.1" }],
    ["an address in the house", { url: "http://192.168.1.5/", remoteAddress: "192.168.1.5" }],
    ["a telephone", { url: "http://10.0.0.5:3000/", remoteAddress: "10.0.0.77" }],
    ["a telephone, no socket known", { url: "http://10.0.0.5:3000/" }],
    ["a telephone, by mDNS", { url: "http://my-mac.local:3000/", remoteAddress: "fe80::1%eth0" }],
    ["IPv6 in the house", { url: "http://[fd00::5]:3000/", remoteAddress: "fd00::77" }],
    ["host.docker.internal", { url: "http://host.docker.internal/", remoteAddress: "172.18.0.2" }],
    [
      "a dev server's proxy",
      { url: "http://localhost:3000/", remoteAddress: "127.0.0.1", headers: DEV_SERVER },
    ],
    ["next dev", { url: "http://localhost:3000/", headers: DEV_SERVER }],
    [
      "a telephone through a dev server's proxy",
      {
        url: "http://localhost:3000/",
        remoteAddress: "127.0.0.1",
        headers: {
          ...DEV_SERVER,
          "x-forwarded-host": "192.168.1.5:5173",
          "x-forwarded-for": "192.168.1.77",
        },
      },
    ],
    [
      "a page on another port",
      {
        url: "http://localhost:3000/",
        remoteAddress: "127.0.0.1",
        headers: { origin: "http://localhost:5173", "sec-fetch-site": "same-site" },
      },
    ],
    [
      "a proxy's address with its port",
      { url: "http://localhost/", headers: { "x-forwarded-for": "127.0.0.1:50123, [::1]:80" } },
    ],
  ])("a plain cookie serves %s", async (_name, connection) => {
    for (const trustProxy of [undefined, ["loopback"], "all"] as const) {
      const options = trustProxy === undefined ? {} : { trustProxy };
      expect(sorted(await dev({ ...connection, ...options }))).toEqual(sorted(PLAIN));
    }
    expect(warnings).toEqual([]);
  });

  it("a plain cookie serves localhost whatever its attributes are in production", async () => {
    const cookie = { prefix: "__Secure-", domain: "shop.example", secure: true } as const;
    expect(sorted(await dev({ url: "http://localhost/", cookie }))).toEqual(sorted(PLAIN));
  });

  it.each<[string, Connection, string]>([
    ["a public address", { url: "http://localhost/", remoteAddress: "203.0.113.7" }, "localhost"],
    [
      "a public name",
      { url: "http://shop.test/", remoteAddress: "127.0.0.1" },
      'cookie: { prefix: "", secure: false }',
    ],
    [
      "a public name, no socket known",
      { url: "http://shop.test/" },
      'cookie: { prefix: "", secure: false }',
    ],
    [
      "a private peer at a public name",
      { url: "http://shop.test/", remoteAddress: "10.0.0.1" },
      "secure: false",
    ],
    [
      "a public name behind a proxy",
      { url: "http://localhost/", headers: { ...DEV_SERVER, "x-forwarded-host": "shop.test" } },
      "secure: false",
    ],
    [
      "a public visitor behind a proxy",
      {
        url: "http://localhost/",
        headers: { ...DEV_SERVER, "x-forwarded-for": "203.0.113.7, 127.0.0.1" },
      },
      "secure: false",
    ],
    [
      "a tunnel with HTTPS",
      {
        url: "http://localhost/",
        remoteAddress: "127.0.0.1",
        headers: { "x-forwarded-proto": "https" },
      },
      'trustProxy: ["loopback"]',
    ],
    [
      "a container's tunnel with HTTPS",
      {
        url: "http://localhost/",
        remoteAddress: "172.17.0.1",
        headers: { "x-forwarded-proto": "https" },
      },
      'trustProxy: ["private"]',
    ],
    [
      "a tunnel with HTTPS, no socket known",
      { url: "http://localhost/", headers: { "x-forwarded-proto": "https" } },
      'trustProxy: "all"',
    ],
  ])("no cookie goes to %s, and the cure is named", async (_name, connection, cure) => {
    expect(await dev(connection)).toEqual([]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(cure);
    // And it is the cure.
    const options = /\b(?:cookie|trustProxy): (?:\{[^}]*\}|\[[^\]]*\]|"all")/.exec(cure)?.[0];
    if (options === undefined) return;
    const cured = Function(`return ({ ${options} })`)() as Partial<Connection>;
    expect(await dev({ ...connection, ...cured })).toHaveLength(1);
  });
});

describe("any other NODE_ENV is production", () => {
  it.each([
    "production",
    "Production",
    "prod",
    "PRODUCTION",
    "staging",
    "dev",
    "",
    " test",
    "development ",
  ])("%j", async (nodeEnv) => {
    for (const remoteAddress of ["127.0.0.1", "172.17.0.1", undefined]) {
      warnings.length = 0;
      const connection = { url: "http://localhost/", nodeEnv };
      expect(
        await cookiesOver(
          remoteAddress === undefined ? connection : { ...connection, remoteAddress },
          2,
        ),
      ).toEqual([]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("trustProxy");
      expect(warnings[0]).toContain("set NODE_ENV=development");
      if (nodeEnv !== "production") expect(warnings[0]).toContain(JSON.stringify(nodeEnv));
    }
    await expect(createSessions().prepare()).rejects.toMatchObject({ option: "store" });
  });

  it("which believes no plain cookie either, wherever it comes from", async () => {
    vi.stubEnv("NODE_ENV", "staging");
    const sessions = createSessions<Untyped>({ store: memoryStore() });
    const issued = await issue(sessions, { userId: "ada" });
    expect(issued.development).toBeUndefined();
    for (const source of [
      new Headers({ cookie: `session=${issued.value}` }),
      new Request("https://shop.test/", { headers: { cookie: `session=${issued.value}` } }),
      new Request("http://localhost/", { headers: { cookie: `session=${issued.value}` } }),
      new Request("http://localhost/", { headers: { cookie: issued.cookie } }),
    ]) {
      expect(await sessions.read(source)).toBeUndefined();
    }
    expect((await sessions.read(new Headers({ cookie: issued.cookie })))?.userId).toBe("ada");
  });
});

describe("a proxy that speaks TLS to this process", () => {
  const visit = (headers: Record<string, string>, trustProxy?: TrustProxy): Promise<string[]> =>
    cookiesOver({
      url: "https://backend.test/",
      remoteAddress: "10.0.0.9",
      headers,
      production: true,
      ...(trustProxy && { trustProxy }),
    });

  it("is believed where it says that the browser came by plain HTTP", async () => {
    expect(await visit({ "x-forwarded-proto": "http" }, ["private"])).toEqual([]);
    expect(warnings[0]).toContain("send browsers to HTTPS");
    expect(await visit({ "x-forwarded-proto": "https" }, ["private"])).toHaveLength(1);
    expect(await visit({}, ["private"])).toHaveLength(1);
  });

  it("is not asked where nobody trusts it", async () => {
    expect(await visit({ "x-forwarded-proto": "http" })).toHaveLength(1);
    expect(await visit({ "x-forwarded-proto": "http" }, ["loopback"])).toHaveLength(1);
  });

  it("is believed of bare headers, where every proxy is", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const sessions = createSessions<Untyped>({ store: memoryStore(), trustProxy: "all" });
    const { cookie } = await issue(sessions, { userId: "ada" });
    const read = async (headers: Record<string, string>) =>
      (await sessions.read(new Headers({ cookie, ...headers })))?.userId;
    expect(await read({ "x-forwarded-proto": "http" })).toBeUndefined();
    expect(await read({ "x-forwarded-proto": "https" })).toBe("ada");
    expect(await read({})).toBe("ada");
  });
});

describe("where no cookie can go, no session begins", () => {
  type Act = (session: Session<Untyped>) => unknown;
  const STORES: Record<
    string,
    () => { sessions: Sessions<Untyped>; count: () => Promise<number> }
  > = {
    "in a store": () => {
      const store = memoryStore();
      return {
        sessions: createSessions<Untyped>({ store }) as Sessions<Untyped>,
        count: all(store),
      };
    },
    "in cookies": () => {
      const revocations = durableStore();
      const options = { store: cookieStore({ revocations }), keys: newKey() };
      const sessions = createSessions<Untyped>(options) as Sessions<Untyped>;
      return { sessions, count: all(revocations) };
    },
  };
  const all = (store: SessionStore) => () =>
    store.directory?.count("session", { now: Date.now(), signal: new AbortController().signal }) ??
    Promise.resolve(-1);

  async function visit(sessions: Sessions<Untyped>, act: Act): Promise<Response> {
    const request = new Request("http://shop.test/");
    const headers = { remoteAddress: "10.0.0.9" };
    return sessions.handle(
      request,
      async () => {
        const session = await sessions.open(request);
        return Response.json((await act(session)) ?? null);
      },
      headers,
    );
  }

  beforeEach(() => void vi.stubEnv("NODE_ENV", "production"));

  describe.each(Object.keys(STORES))("%s", (where) => {
    it.each<[string, Act]>([
      ["set", (session) => session.set("n", 1)],
      ["flash", (session) => session.flash("notice", "x")],
      ["persistent", (session) => void Object.assign(session, { persistent: true })],
      ["regenerate", (session) => session.regenerate()],
      ["destroy", (session) => session.destroy()],
      ["signOut", (session) => session.signOut()],
      [
        "signOut that keeps something",
        (session) => {
          session.set("n", 1);
          return session.signOut({ keep: ["n"] });
        },
      ],
      [
        "a sign-in that failed, and what was set beside it",
        async (session) => {
          session.set("n", 1);
          await session.signIn("ada").catch(() => undefined);
        },
      ],
    ])("%s is answered, and stores nothing", async (_name, act) => {
      const { sessions, count } = STORES[where]?.() ?? expect.unreachable();
      const created = vi.fn();
      sessions.on("created", created);
      for (let times = 0; times < 5; times += 1) {
        const response = await visit(sessions, act);
        expect([response.status, response.headers.getSetCookie()]).toEqual([200, []]);
      }
      expect(await count()).toBe(0);
      expect(created).not.toHaveBeenCalled();
      expect(warnings.length).toBeLessThanOrEqual(1);
    });

    it.each<[string, Act]>([
      ["signIn", (session) => session.signIn("ada")],
      ["update", (session) => session.update("n", (n = 0) => n + 1)],
      [
        "save",
        (session) => {
          session.set("n", 1);
          return session.save();
        },
      ],
      [
        "consume",
        (session) => {
          session.set("n", 1);
          return session.consume("n");
        },
      ],
    ])("%s fails, says why and stores nothing", async (_name, act) => {
      const { sessions, count } = STORES[where]?.() ?? expect.unreachable();
      expect((await visit(sessions, act)).status).toBe(500);
      const failure = (session: Session<Untyped>) =>
        Promise.resolve(act(session)).catch(({ code, status, message }) => [code, status, message]);
      const json = await (await visit(sessions, failure)).json();
      const [code, status, message] = json as unknown[];
      expect([code, status]).toEqual(["ERR_SESSION_INSECURE", 500]);
      expect(message).toMatch(/^Cannot .*plain HTTP.* set trustProxy: \["private"\]/);
      expect(await count()).toBe(0);
    });

    it("and whoever is there by HTTPS keeps everything", async () => {
      const { sessions } = STORES[where]?.() ?? expect.unreachable();
      const { cookie } = await issue(sessions, { userId: "ada" });
      const request = new Request("http://shop.test/", { headers: { cookie } });
      const seen = await sessions.handle(request, async () => {
        const session = await sessions.open(request);
        session.set("n", 1);
        return Response.json(session.userId ?? null);
      });
      expect(await seen.json()).toBeNull();
      expect((await sessions.read(new Headers({ cookie })))?.userId).toBe("ada");
    });
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
  ["anonymous", { anonymous: "an hour" }],
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

  it("no store in production, where it is first used, and a notice in development", async () => {
    vi.stubEnv("NODE_ENV", "production");
    const sessions = createSessions();
    for (const used of [sessions.prepare(), sessions.read(new Headers()), sessions.count()]) {
      await expect(used).rejects.toMatchObject({ option: "store" });
    }
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

  it("a copy of a request that carries no session", async () => {
    const sessions = createSessions({ store: memoryStore(), onError: () => undefined });
    const response = await sessions.handle(new Request("https://localhost/"), async (request) => {
      await sessions.open(request);
      await sessions.open(new Request(request));
      return new Response();
    });
    expect(response.status).toBe(500);
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
