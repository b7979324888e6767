import { describe, expect, it } from "vitest";
import { challengeOf } from "../../../src/core/token.ts";
import {
  DeviceProofError,
  deviceBound,
  deviceKeyOffer,
  requireProof,
} from "../../../src/security/dbsc/index.ts";
import type { Answer, Browser } from "../../laws/support/browser.ts";
import { HOUR, MINUTE } from "../../laws/support/clock.ts";
import { times, World } from "../../laws/support/world.ts";
import { Device, type Key, newKey, ORIGIN, offerIn, randomToken, sign } from "./support/device.ts";

const PATH = "/transfer";

/** A page with a key of its own, and what of it an attacker may want to change. */
class Script {
  readonly browser: Browser;
  readonly key: Key;
  readonly id: string;
  nonce: string | undefined;

  constructor(browser: Browser, key: Key, id: string, nonce: string | undefined) {
    this.browser = browser;
    this.key = key;
    this.id = id;
    this.nonce = nonce;
  }

  static async register(browser: Browser): Promise<Script> {
    const offer = await offerAt(browser);
    const key = await newKey();
    const answer = await registered(browser, offer, key);
    if (answer.status !== 200) throw new Error(`not registered: ${answer.status}`);
    const [id = ""] = offer.split(".");
    return new Script(browser, key, id, answer.headers.get("dpop-nonce") ?? undefined);
  }

  claims(): Record<string, unknown> {
    return {
      jti: randomToken().slice(0, 22),
      htm: "POST",
      htu: ORIGIN + PATH,
      iat: 1,
      ath: challengeOf(this.id),
      nonce: this.nonce,
    };
  }

  proof(claims: object = {}, header: object = {}): Promise<string> {
    return sign(this.key, { ...this.claims(), ...claims }, { typ: "dpop+jwt", ...header });
  }

  async transfer(proof?: string, browser = this.browser, path = PATH): Promise<Answer> {
    const headers: Record<string, string> = { "sec-fetch-site": "same-origin" };
    if (proof !== undefined) headers["dpop"] = proof;
    const answer = await browser.visit(
      async (session) => {
        await requireProof(session);
        return session.userId;
      },
      { method: "POST", path, headers },
    );
    this.nonce = answer.headers.get("dpop-nonce") ?? this.nonce;
    return answer;
  }
}

async function offerAt(browser: Browser): Promise<string> {
  const { json } = await browser.visit(async (session) => {
    await session.signIn("ada");
    return deviceKeyOffer(session) ?? null;
  });
  return String(json);
}

async function registered(browser: Browser, offer: string, key: Key): Promise<Response> {
  const [id, jti] = offer.split(".");
  const dpop = await sign(key, { jti }, { typ: "sojourn-key+jwt", jwk: key.jwk });
  return new Device(browser).post(`/dbsc/key/${id}`, { dpop });
}

const world = (options: Parameters<typeof deviceBound>[0] = {}): World =>
  new World({ protections: [deviceBound(options)] });

describe("a key of a page's script", () => {
  it("proves each request to the routes that ask for it, and to no others", async () => {
    const script = await Script.register(world().browser());
    for (let requests = 0; requests < 3; requests += 1) {
      expect((await script.transfer(await script.proof())).json).toBe("ada");
    }
    expect((await script.browser.visit((session) => session.userId)).json).toBe("ada");
  });

  it("is registered once, within two minutes of the sign-in, and stays", async () => {
    const app = world();
    const browser = app.browser();
    const offer = await offerAt(browser);
    const statuses = await times(
      4,
      async () => (await registered(browser, offer, await newKey())).status,
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const late = await offerAt(browser);
    app.clock.move(2 * MINUTE);
    expect((await registered(browser, late, await newKey())).status).toBe(400);
  });

  it("is offered in the sign-in's own answer alone, which no cache keeps", async () => {
    const browser = world().browser();
    const answer = await browser.visit(async (session) => {
      await session.signIn("ada");
      return deviceKeyOffer(session);
    });
    expect(answer.json).toMatch(/^[\w-]{22}\.[\w-]{43}$/);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const later = await browser.visit((session) => deviceKeyOffer(session) ?? null);
    expect(later.json).toBeNull();
  });

  it("holds as long as the session, under whatever token, and costs only where it is asked for", async () => {
    const app = world();
    const script = await Script.register(app.browser());
    app.clock.move(5 * MINUTE);
    await script.browser.visit((session) => session.regenerate());
    await script.browser.visit(() => undefined);
    app.switch.forget();
    await script.browser.visit(() => undefined);
    expect(app.switch.calls).toEqual(["load"]);
    for (let hours = 0; hours < 11; hours += 1) {
      await script.transfer(await script.proof());
      expect((await script.transfer(await script.proof())).json).toBe("ada");
      app.clock.move(25 * MINUTE);
    }
  });

  it("is beside the browser's own: each proves what it proves", async () => {
    const app = world();
    const browser = app.browser();
    const answer = await browser.visit(async (session) => {
      await session.signIn("ada");
      return deviceKeyOffer(session);
    });
    const device = new Device(browser);
    expect((await device.register(offerIn(answer.headers))).status).toBe(200);
    const key = await newKey();
    const taken = await registered(browser, String(answer.json), key);
    const id = String(answer.json).split(".")[0] ?? "";
    const script = new Script(browser, key, id, taken.headers.get("dpop-nonce") ?? undefined);
    expect((await script.transfer(await script.proof())).json).toBe("ada");
    expect((await device.refresh()).status).toBe(200);
  });

  it("needs no clock but the server's", async () => {
    const script = await Script.register(world().browser());
    for (const iat of [0, 4_102_444_800, Date.now() / 1_000 + 3_600]) {
      expect((await script.transfer(await script.proof({ iat }))).json).toBe("ada");
    }
  });

  it("is asked for a newer nonce where its own is older than five minutes", async () => {
    const app = world();
    const script = await Script.register(app.browser());
    for (const nonce of [undefined, "", "x", `${app.clock.now().toString(36)}.${randomToken()}`]) {
      const asked = await script.transfer(await script.proof({ nonce }));
      expect(asked.status).toBe(401);
      expect(asked.headers.get("www-authenticate")).toBe('DPoP error="use_dpop_nonce"');
      expect(asked.headers.get("dpop-nonce")).toMatch(/^[0-9a-z]{8}\.[\w-]{43}$/);
    }
    const early = await script.proof();
    app.clock.move(5 * MINUTE);
    expect((await script.transfer(early)).status).toBe(401);
    expect((await script.transfer(await script.proof())).json).toBe("ada");
  });

  const REFUSED: Readonly<Record<string, (script: Script) => Promise<string | undefined>>> = {
    "without a proof": async () => undefined,
    "with an empty one": async () => "",
    "for another method": (script) => script.proof({ htm: "GET" }),
    "for another path": (script) => script.proof({ htu: `${ORIGIN}/other` }),
    "for another origin": (script) => script.proof({ htu: `https://evil.example${PATH}` }),
    "for no URL": (script) => script.proof({ htu: undefined }),
    "for a session that is another's": (script) =>
      script.proof({ ath: challengeOf(randomToken()) }),
    "for no session": (script) => script.proof({ ath: undefined }),
    "without a time": (script) => script.proof({ iat: undefined }),
    "without a name": (script) => script.proof({ jti: undefined }),
    "with a name too short to be its own": (script) => script.proof({ jti: "1" }),
    "of another type": (script) => script.proof({}, { typ: "sojourn-key+jwt" }),
    "with another's key": async (script) => {
      const other = new Script(script.browser, await newKey(), script.id, script.nonce);
      return other.proof();
    },
    "with another's key beside it": async (script) => {
      const key = await newKey();
      return new Script(script.browser, key, script.id, script.nonce).proof({}, { jwk: key.jwk });
    },
  };

  it.each(Object.keys(REFUSED))(
    "lets nothing through %s [ASVS 9.1.3, ASVS 9.2.2, ASVS 9.2.3, NIST 5.1 possession]",
    async (what) => {
      const script = await Script.register(world().browser());
      const answer = await script.transfer(await REFUSED[what]?.(script));
      expect([answer.status, answer.text]).toEqual([401, "Please reload the page.\n"]);
      expect((await script.transfer(await script.proof())).json).toBe("ada");
    },
  );

  it("is believed once, of however many requests at several processes", async () => {
    const app = world();
    app.switch.behave = async (_operation, send) => {
      await new Promise(setImmediate);
      return send();
    };
    const script = await Script.register(app.browser());
    const other = app.process({ protections: [deviceBound()] });
    const proof = await script.proof();
    const answers = await times(8, (at) =>
      script.transfer(proof, script.browser.copy(at % 2 === 0 ? app.sessions : other)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    app.clock.move(5 * MINUTE - 1);
    expect((await script.transfer(proof)).status).toBe(401);
  });

  it("is of no use with the cookies of another session, nor they without it", async () => {
    const app = world();
    const [ada, bob] = [await Script.register(app.browser()), await Script.register(app.browser())];
    expect((await ada.transfer(await ada.proof(), bob.browser)).status).toBe(401);
    expect((await bob.transfer(await ada.proof({ ath: challengeOf(bob.id) }))).status).toBe(401);
    const thief = ada.browser.copy();
    expect((await ada.transfer(undefined, thief)).status).toBe(401);
    expect((await bob.transfer(await bob.proof())).json).toBe("ada");
  });

  it("is not asked for its query", async () => {
    const script = await Script.register(world().browser());
    const answer = await script.transfer(await script.proof(), script.browser, `${PATH}?to=bob#x`);
    expect(answer.json).toBe("ada");
  });

  it("is for the origin that the application names", async () => {
    const script = await Script.register(world({ origin: "https://shop.example" }).browser());
    expect((await script.transfer(await script.proof())).status).toBe(401);
    const named = await script.proof({ htu: `https://shop.example${PATH}` });
    expect((await script.transfer(named)).json).toBe("ada");
  });

  it("is a key that no session has which registered none: those are refused", async () => {
    const app = world();
    const browser = await app.signedIn("ada");
    const script = new Script(browser, await newKey(), "AAAAAAAAAAAAAAAAAAAAAA", undefined);
    expect((await script.transfer(await script.proof())).status).toBe(401);
    app.clock.move(HOUR / 4);
    expect((await script.transfer(await script.proof())).status).toBe(401);
  });

  it("is refused with an error that tells why", async () => {
    const script = await Script.register(world().browser());
    const { json } = await script.browser.visit(async (session) => {
      const error = await requireProof(session).catch((failure: unknown) => failure);
      return [error instanceof DeviceProofError, (error as DeviceProofError).reason];
    });
    expect(json).toEqual([true, "proof"]);
  });

  it("needs sessions that are bound", async () => {
    const browser = await new World().signedIn("ada");
    const { json } = await browser.visit(async (session) => {
      const refusal = await requireProof(session).catch((error: Error) => error.message);
      return refusal;
    });
    expect(json).toContain("deviceBound()");
    await expect(requireProof({})).rejects.toThrow("requireProof(session)");
  });
});
