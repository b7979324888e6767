import { describe, expect, it } from "vitest";
import { createSessions } from "../../../src/index.ts";
import { dbscHandler, deviceBound } from "../../../src/security/dbsc/index.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { times, World } from "../../laws/support/world.ts";
import {
  BOUND,
  challengeIn,
  Device,
  newKey,
  ORIGIN,
  offerIn,
  PAGE,
  randomToken,
  sign,
} from "./support/device.ts";

const world = (options: Parameters<typeof deviceBound>[0] = {}): World =>
  new World({ protections: [deviceBound(options)] });

describe("a sign-in", () => {
  it("offers the browser to bind the session, in its own response and in no later one", async () => {
    const browser = world().browser();
    const answer = await browser.visit((session) => session.signIn("ada"));
    const header = answer.headers.get("secure-session-registration") ?? "";
    expect(header).toMatch(
      /^\(ES256 RS256\);path="\/dbsc\/register\/[\w-]{22}";challenge="[\w-]{43}"$/,
    );
    for (const handler of [() => undefined, "regenerate"] as const) {
      const later = await browser.visit((session) =>
        handler === "regenerate" ? session.regenerate() : handler(),
      );
      expect(later.headers.get("secure-session-registration")).toBeNull();
    }
  });

  it("says nothing of the session in its public identifier, which is another at each sign-in", async () => {
    const browser = world().browser();
    const first = await browser.visit(async (session) => {
      await session.signIn("ada");
      return session.id;
    });
    const second = await browser.visit((session) => session.signIn("ada"));
    const { id } = offerIn(first.headers);
    expect(id).not.toBe(offerIn(second.headers).id);
    expect(String(first.json)).not.toContain(id);
    expect([...browser.jar.values()].join()).not.toContain(id);
  });

  it("that is taken back offers nothing", async () => {
    const refusal = {
      name: "no",
      protect: () => ({ signedIn: () => Promise.reject(new Error()) }),
    };
    const { sessions } = new World({ protections: [deviceBound(), refusal] });
    const browser = new World().browser();
    browser.sessions = sessions;
    const answer = await browser.visit((session) => session.signIn("ada").catch(() => undefined));
    expect(answer.headers.get("secure-session-registration")).toBeNull();
  });
});

describe("a registration", () => {
  it("is answered with the bound cookie, and with what the browser compares it with", async () => {
    const { browser } = new Device(world().browser());
    const device = new Device(browser);
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    const answer = await device.register(offer);
    const [line = ""] = answer.headers.getSetCookie();
    const [pair, ...attributes] = line.split("; ");
    expect(pair).toMatch(/^__Host-session-bound=[\w-]{43}$/);
    expect(attributes.join("; ")).toBe("Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");
    expect(await answer.json()).toEqual({
      session_identifier: offer.id,
      refresh_url: "/dbsc/refresh",
      scope: { include_site: false },
      credentials: [
        { type: "cookie", name: BOUND, attributes: "Path=/; Secure; HttpOnly; SameSite=Lax" },
      ],
      allowed_refresh_initiators: [],
    });
    expect(answer.headers.get("secure-session-challenge")).toMatch(
      new RegExp(`^"[\\w-]{43}";id="${offer.id}"$`),
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(answer.headers.get("x-frame-options")).toBe("DENY");
  });

  it("counts once, of however many that bring the same challenge to several processes", async () => {
    const { sessions, browser, process } = pair();
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    const devices = await times(8, async (at) => {
      const device = new Device(browser.copy(at % 2 === 0 ? sessions : process));
      return (await device.register(offer)).status;
    });
    expect(devices.filter((status) => status === 200)).toHaveLength(1);
    expect((await new Device(browser).register(offer)).status).toBe(400);
  });

  it("comes too late after two minutes", async () => {
    const app = world();
    const browser = app.browser();
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    app.clock.move(2 * MINUTE);
    expect((await new Device(browser).register(offer)).status).toBe(400);
  });

  it("takes a key of RSA, where the device has no other", async () => {
    const browser = world().browser();
    const device = new Device(browser);
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    expect((await device.register(offer, await newKey("RS256"))).status).toBe(200);
    device.forget();
    expect((await device.refresh()).status).toBe(200);
  });

  const KEY = newKey();
  const OTHER = newKey();

  /** What a browser would send, and what is wrong with it. */
  const REFUSED: Readonly<
    Record<string, (challenge: string) => Promise<string | undefined> | undefined>
  > = {
    "without a proof": () => undefined,
    "with an empty one": async () => "",
    "with another challenge": async () => signed(randomToken()),
    "with a challenge that is no text": async () => {
      const key = await KEY;
      return sign(key, { jti: { toString: "x" } }, { jwk: key.jwk });
    },
    "without a challenge": async () => {
      const key = await KEY;
      return sign(key, {}, { jwk: key.jwk });
    },
    "without a key": async (jti) => sign(await KEY, { jti }),
    "with the key of another": async (jti) => sign(await KEY, { jti }, { jwk: (await OTHER).jwk }),
    "with a private key": async (jti) => {
      const key = await KEY;
      return sign(key, { jti }, { jwk: { ...key.jwk, d: "AAAA" } });
    },
    "of another type": (jti) => signed(jti, { typ: "JWT" }),
    "of no type": (jti) => signed(jti, { typ: undefined }),
    "with none as its algorithm": async (jti) => {
      const key = await KEY;
      const head = { alg: "none", typ: "dbsc+jwt", jwk: key.jwk };
      return `${b64(head)}.${b64({ jti })}.AAAA`;
    },
    "with an algorithm of shared keys": async (jti) => {
      const head = { alg: "HS256", typ: "dbsc+jwt", jwk: { kty: "oct", k: "AAAA" } };
      return `${b64(head)}.${b64({ jti })}.AAAA`;
    },
    "whose algorithm is not the key's": async (jti) => {
      const rsa = await newKey("RS256");
      return sign(rsa, { jti }, { jwk: (await KEY).jwk });
    },
    "whose signature is another's": async (jti) => {
      const [head, payload] = (await signed(jti)).split(".");
      const [, , signature] = (await signed(randomToken())).split(".");
      return `${head}.${payload}.${signature}`;
    },
    "spelled in another way": async (jti) => {
      const text = await signed(jti);
      const last = text.at(-1) ?? "";
      return text.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
    },
    "in four parts": async (jti) => `${await signed(jti)}.AAAA`,
    "longer than any": async (jti) => {
      const key = await KEY;
      return sign(key, { jti, pad: "x".repeat(8_192) }, { jwk: key.jwk });
    },
    "for another URL": async (jti) => {
      const key = await KEY;
      return sign(key, { jti, aud: `${ORIGIN}/dbsc/register/other` }, { jwk: key.jwk });
    },
    "for another origin": async (jti) => {
      const key = await KEY;
      return sign(key, { jti, aud: "https://evil.example/dbsc/register" }, { jwk: key.jwk });
    },
    ...Object.fromEntries(
      ["kid", "jku", "x5u", "x5c", "x5t"].map((name) => [
        `that names its key by ${name}`,
        (jti: string) => signed(jti, { [name]: "https://evil.example/" }),
      ]),
    ),
    "with extensions that must be understood": async (jti) => {
      const key = await KEY;
      const head = { alg: "ES256", typ: "dbsc+jwt", jwk: key.jwk, crit: ["exp"], exp: 1 };
      return `${b64(head)}.${b64({ jti })}.AAAA`;
    },
  };

  async function signed(jti: string, header: Record<string, unknown> = {}): Promise<string> {
    const key = await KEY;
    return sign(key, { jti }, { jwk: key.jwk, ...header });
  }

  it.each(Object.keys(REFUSED))(
    "is refused %s, and the next one counts [ASVS 9.1.1, ASVS 9.1.2, ASVS 9.1.3, ASVS 9.2.2, ASVS 9.2.3]",
    async (what) => {
      const browser = world().browser();
      const device = new Device(browser);
      const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
      const text = await REFUSED[what]?.(offer.challenge);
      const headers: Record<string, string> = {};
      if (text !== undefined) headers["secure-session-response"] = text;
      const answer = await device.post(offer.path, headers);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([400, []]);
      expect((await device.register(offer)).status).toBe(200);
    },
  );

  it.each(["aud", "quotes"])("counts with %s", async (what) => {
    const browser = world().browser();
    const device = new Device(browser);
    const { path, challenge } = offerIn(
      (await browser.visit((session) => session.signIn("ada"))).headers,
    );
    const key = await KEY;
    const text = await sign(key, { jti: challenge, aud: ORIGIN + path }, { jwk: key.jwk });
    const response = what === "aud" ? text : `"${text}"`;
    const answer = await device.post(path, { "secure-session-response": response });
    expect(answer.status).toBe(200);
  });

  it("of a session that has ended is refused", async () => {
    const browser = world().browser();
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    await browser.visit((session) => session.signOut());
    expect((await new Device(browser).register(offer)).status).toBe(400);
  });
});

describe("a refresh", () => {
  it("takes one proof where the browser has a challenge, and another where it has none", async () => {
    const device = await new Device(world().browser()).bind();
    const before = device.browser.jar.get(BOUND);
    const known = await device.refresh();
    expect(known.status).toBe(200);
    const value = device.browser.jar.get(BOUND);
    expect(value).not.toBe(before);
    device.challenge = "";
    const asked = await device.ask();
    expect(asked.status).toBe(403);
    expect(asked.headers.get("secure-session-challenge")).toContain(`id="${device.id}"`);
    expect((await device.refresh()).status).toBe(200);
  });

  it("needs the proof, whatever the browser thinks", async () => {
    const device = await new Device(world().browser()).bind();
    for (const headers of [{}, { "secure-session-response": "" }]) {
      const answer = await device.ask(headers);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  it("takes an identifier with quotes and without", async () => {
    const device = await new Device(world().browser()).bind();
    const headers = { ...(await device.proof()), "sec-secure-session-id": `"${device.id}"` };
    expect((await device.ask(headers)).status).toBe(200);
  });

  it("meets a challenge once, of however many at several processes", async () => {
    const { browser, process } = pair();
    const device = await new Device(browser).bind();
    const proof = await device.proof();
    const statuses = await times(8, async (at) => {
      const other = new Device(browser.copy(at % 2 === 0 ? browser.sessions : process));
      other.id = device.id;
      return (await other.ask(proof)).status;
    });
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 403)).toHaveLength(7);
    expect((await device.ask(proof)).status).toBe(403);
  });

  it.each<[string, (device: Device) => Promise<Record<string, string>>]>([
    [
      "with another's key",
      async (device) => respond(sign(await newKey(), { jti: device.challenge })),
    ],
    [
      "with another's key beside the proof",
      async (device) => {
        const key = await newKey();
        return respond(sign(key, { jti: device.challenge }, { jwk: key.jwk }));
      },
    ],
    [
      "with its own key beside the proof",
      async ({ key, challenge }) => {
        if (key === undefined) return expect.unreachable();
        return respond(sign(key, { jti: challenge }, { jwk: key.jwk }));
      },
    ],
    [
      "of another type",
      async ({ key, challenge }) => {
        if (key === undefined) return expect.unreachable();
        return respond(sign(key, { jti: challenge }, { typ: "dpop+jwt" }));
      },
    ],
    ["of a challenge of its own", (device) => device.proof(randomToken())],
    [
      "for another URL",
      async ({ key, challenge }) => {
        if (key === undefined) return expect.unreachable();
        return respond(sign(key, { jti: challenge, aud: `${ORIGIN}/other` }));
      },
    ],
  ])("is refused %s, and uses up nothing [ASVS 9.1.3, ASVS 9.2.3]", async (_what, headers) => {
    const device = await new Device(world().browser()).bind();
    const answer = await device.ask(await headers(device));
    expect(answer.status).toBe(403);
    expect(challengeIn(answer)).toBe(device.challenge);
    expect((await device.refresh()).status).toBe(200);
  });

  it("is asked for without a proof as often as anybody likes, at no write and no visitor's cost", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    app.switch.forget();
    for (let floods = 0; floods < 20; floods += 1) await device.ask();
    expect(app.switch.count("update", "create", "end")).toBe(0);
    expect((await device.ask(await device.proof())).status).toBe(200);
  });

  it("asks anew where the challenge is older than its proof can be used", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    app.clock.move(20 * MINUTE);
    const answer = await device.ask(await device.proof());
    expect(answer.status).toBe(403);
    expect(challengeIn(answer)).not.toBe(device.challenge);
    expect((await device.refresh()).status).toBe(200);
  });

  const over = async (answer: Response): Promise<unknown> => [answer.status, await answer.json()];

  it("of what nobody knows ends it in the browser", async () => {
    const device = new Device(world().browser());
    device.id = "AAAAAAAAAAAAAAAAAAAAAA";
    expect(await over(await device.ask())).toEqual([
      200,
      { session_identifier: device.id, continue: false },
    ]);
  });

  it.each(["", "x", "AAAAAAAAAAAAAAAAAAAAAB", "' or 1=1", "s_".repeat(4_000)])(
    "by no identifier is refused: %j",
    async (id) => {
      const device = new Device(world().browser());
      device.id = id;
      expect((await device.ask()).status).toBe(400);
    },
  );

  it.each<[string, (app: World, device: Device) => Promise<unknown>]>([
    ["signed out", (_app, { browser }) => browser.visit((session) => session.signOut())],
    ["revoked", async (app, { browser }) => app.sessions.revoke(await app.idOf(browser))],
    ["ended with all of its user's", (app) => app.sessions.revokeAll({ userId: "ada" })],
    ["left alone for longer than it may be", async ({ clock }) => clock.move(31 * MINUTE)],
  ])(
    "of a session that was %s ends it in the browser, with any proof [ASVS 7.4.1]",
    async (_how, end) => {
      const app = world();
      const device = await new Device(app.browser()).bind();
      await end(app, device);
      expect(await over(await device.refresh())).toEqual([
        200,
        { session_identifier: device.id, continue: false },
      ]);
      expect((await device.refresh()).headers.getSetCookie()).toEqual([]);
    },
  );

  it("of one that an ending has missed ends it in the browser, too [ASVS 7.4.2]", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    const call = { now: app.clock.now(), signal: new AbortController().signal };
    const user = { manager: "session", userId: "ada" };
    await app.memory.directory.raiseGeneration(user, call);
    expect(await over(await device.refresh())).toMatchObject([200, { continue: false }]);
  });

  it("goes on to the session's end and no longer [ASVS 7.3.2, NIST 5.1 possession]", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    for (let minutes = 5; minutes < 12 * 60; minutes += 5) {
      app.clock.move(5 * MINUTE);
      if (minutes % 10 === 0) expect((await device.refresh()).status).toBe(200);
      const { json } = await device.browser.visit((session) => session.userId ?? null);
      expect(json).toBe("ada");
    }
    app.clock.move(5 * MINUTE);
    expect(await over(await device.refresh())).toMatchObject([200, { continue: false }]);
  });

  it("does not keep a session alive that nobody uses [ASVS 7.3.1]", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    for (let refreshes = 0; refreshes < 3; refreshes += 1) {
      app.clock.move(9 * MINUTE);
      await device.refresh();
    }
    app.clock.move(4 * MINUTE);
    expect(await over(await device.refresh())).toMatchObject([200, { continue: false }]);
  });

  it("finds the session under whatever token it goes on", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    const { id } = device;
    for (let tokens = 0; tokens < 6; tokens += 1) {
      await device.browser.visit((session) => session.regenerate());
      app.clock.move(20 * MINUTE);
      expect(await (await device.refresh()).json()).toMatchObject({ session_identifier: id });
      expect((await device.browser.visit((session) => session.userId)).json).toBe("ada");
    }
  });

  it("outlives a new token that is taken back", async () => {
    const refusal = {
      name: "no",
      protect: () => ({ regenerated: () => Promise.reject(new Error()) }),
    };
    const app = new World({ protections: [deviceBound(), refusal] });
    const device = await new Device(app.browser()).bind();
    await device.browser.visit((session) => session.regenerate().catch(() => undefined));
    expect((await device.refresh()).headers.getSetCookie()).toHaveLength(1);
  });

  it("outlives a wish to be remembered, though nothing was refreshed since", async () => {
    const app = world();
    const device = await new Device(app.browser()).bind();
    await device.browser.visit(() => undefined, { headers: PAGE });
    await device.browser.visit((session) => {
      session.persistent = true;
    });
    app.clock.move(13 * 24 * HOUR);
    device.forget();
    expect((await device.refresh()).headers.getSetCookie()).toHaveLength(1);
  });

  it.each(["load", "update"] as const)(
    "says 503 where the store cannot %s, and the next one counts",
    async (failing) => {
      const app = world();
      const device = await new Device(app.browser()).bind();
      app.switch.behave = (operation, send) =>
        operation === failing ? Promise.reject(new Error("down")) : send();
      const answer = await device.ask(await device.proof());
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
      app.switch.behave = (_operation, send) => send();
      expect((await device.refresh()).status).toBe(200);
    },
  );
});

describe("the endpoints", () => {
  it("leave every other request alone", async () => {
    const { sessions } = world();
    const dbsc = dbscHandler(sessions);
    for (const path of [
      "/",
      "/dbsc",
      "/dbsc/",
      "/dbsc/refresh/",
      "/dbsc/refreshing",
      "/x/dbsc/refresh",
    ]) {
      expect(await dbsc(new Request(ORIGIN + path, { method: "POST" }))).toBeUndefined();
    }
  });

  it("take nothing but POST, and nothing from another site", async () => {
    const dbsc = dbscHandler(world().sessions);
    const get = await dbsc(new Request(`${ORIGIN}/dbsc/refresh`));
    expect([get?.status, get?.headers.get("allow")]).toEqual([405, "POST"]);
    const device = new Device(world().browser());
    for (const site of ["cross-site", "same-site", "none"]) {
      expect((await device.ask({ "sec-fetch-site": site })).status).toBe(403);
    }
  });

  it("are where they are said to be", async () => {
    const app = world({ path: "/account/device" });
    const answer = await app.browser().visit((session) => session.signIn("ada"));
    expect(offerIn(answer.headers).path).toMatch(/^\/account\/device\/register\//);
    const dbsc = dbscHandler(app.sessions);
    const request = new Request(`${ORIGIN}/account/device/refresh`, { method: "POST" });
    expect((await dbsc(request))?.status).toBe(400);
  });

  it("need sessions that are bound", () => {
    expect(() => dbscHandler(createSessions())).toThrow("deviceBound()");
  });
});

function respond(text: Promise<string>): Promise<Record<string, string>> {
  return text.then((response) => ({ "secure-session-response": response }));
}

function b64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Two processes over the same data, whose calls take turns. */
function pair(): {
  sessions: World["sessions"];
  process: World["sessions"];
  browser: Device["browser"];
} {
  const app = world();
  app.switch.behave = async (_operation, send) => {
    await new Promise(setImmediate);
    return send();
  };
  const process = app.process({ protections: [deviceBound()] });
  return { sessions: app.sessions, process, browser: app.browser() };
}
