import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { challengeOf } from "../../../src/core/token.ts";
import { deviceBound, deviceKeyOffer, requireProof } from "../../../src/security/dbsc/index.ts";
import { World } from "../../laws/support/world.ts";
import { BOUND, Device, type Key, newKey, ORIGIN, offerIn, sign } from "./support/device.ts";

// A fixed share here. By hand: DBSC_FUZZ=1000000 vitest run test/security/dbsc/fuzz.test.ts --testTimeout=3600000
const numRuns = Number(process.env["DBSC_FUZZ"] ?? 400);
const seed = process.env["DBSC_FUZZ"] === undefined ? 20_261_127 : Date.now() % 1_000_000;

/** What headers may hold: whatever Node and browsers let through. */
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  maxLength: 300,
});

const b64 = (value: unknown): string => Buffer.from(String(value)).toString("base64url");

const algorithms = ["ES256", "RS256", "none", "HS256", "ES384", "PS256", "EdDSA", "es256", ""];
const types = ["dbsc+jwt", "dpop+jwt", "sojourn-key+jwt", "JWT", "", null, 1];

/** A header or a payload: of the names that count, and of others. */
const header = (challenge: string, key: Key): fc.Arbitrary<object> =>
  fc.record(
    {
      alg: fc.oneof(fc.constantFrom(...algorithms), fc.jsonValue()),
      typ: fc.oneof(fc.constantFrom(...types), fc.jsonValue()),
      jwk: fc.oneof(fc.constant(key.jwk), fc.jsonValue(), jwk),
      crit: fc.jsonValue(),
      b64: fc.jsonValue(),
      kid: fc.constant(challenge),
    },
    { requiredKeys: [] },
  );

const jwk = fc.record(
  {
    kty: fc.constantFrom("EC", "RSA", "oct", "OKP", ""),
    crv: fc.constantFrom("P-256", "P-384", "Ed25519", ""),
    x: headerText,
    y: headerText,
    n: headerText,
    e: fc.constantFrom("AQAB", "Aw", ""),
    k: headerText,
    d: headerText,
  },
  { requiredKeys: ["kty"] },
);

const payload = (challenge: string): fc.Arbitrary<object> =>
  fc.record(
    {
      jti: fc.oneof(fc.constant(challenge), fc.jsonValue()),
      aud: fc.oneof(fc.constant(`${ORIGIN}/dbsc/refresh`), fc.jsonValue()),
      exp: fc.jsonValue(),
      htm: fc.constantFrom("POST", "GET"),
      htu: fc.oneof(fc.constant(`${ORIGIN}/transfer`), fc.webUrl(), fc.jsonValue()),
      nonce: fc.jsonValue(),
      iat: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );

/** Something that is like a proof, and none: nobody who makes it has the key. */
function forged(challenge: string, genuine: string, key: Key): fc.Arbitrary<string> {
  const [head = "", body = "", signature = ""] = genuine.split(".");
  const made = fc
    .tuple(header(challenge, key), payload(challenge), fc.oneof(headerText, fc.constant(signature)))
    .map(([h, p, s]) => `${b64(JSON.stringify(h))}.${b64(JSON.stringify(p))}.${s}`);
  const bent = fc
    .tuple(fc.nat(genuine.length - 1), fc.integer({ min: 0x21, max: 0x7e }))
    .map(([at, code]) => genuine.slice(0, at) + String.fromCharCode(code) + genuine.slice(at + 1))
    .filter((text) => text !== genuine);
  const cut = fc.nat(genuine.length - 1).map((length) => genuine.slice(0, length));
  const swapped = fc.constantFrom(
    `${head}.${body}.`,
    `${head}.${body}`,
    `${head}..${signature}`,
    `.${body}.${signature}`,
    `${genuine}.${signature}`,
    `${body}.${head}.${signature}`,
    `${genuine}=`,
    ` ${genuine.slice(1)}`,
    `"${genuine}`,
    `""${genuine}""`,
  );
  return fc.oneof(headerText, made, bent, cut, swapped);
}

let device: Device;
let attacker: Key;
let world: World;

beforeAll(async () => {
  world = new World({ protections: [deviceBound()] });
  device = await new Device(world.browser()).bind();
  attacker = await newKey();
});

/** Neither a crash, which would be 503, nor a cookie. */
function expectRefusal(answer: Response): void {
  expect([400, 403, 405]).toContain(answer.status);
  expect(answer.headers.getSetCookie()).toEqual([]);
}

describe("whatever is sent in place of a proof", () => {
  it("refreshes nothing, and the browser's own does", async () => {
    const genuine = (await device.proof())["secure-session-response"] ?? "";
    await fc.assert(
      fc.asyncProperty(forged(device.challenge, genuine, attacker), async (text) => {
        expectRefusal(await device.ask({ "secure-session-response": text }));
      }),
      { numRuns, seed },
    );
    expect((await device.ask({ "secure-session-response": genuine })).status).toBe(200);
  });

  it("registers nothing, and the browser's own does", async () => {
    const browser = world.browser();
    const offer = offerIn((await browser.visit((session) => session.signIn("ada"))).headers);
    const key = await newKey();
    // Signed over another challenge: what is made of it has the right one, or the right signature.
    const other = await sign(key, { jti: offer.id }, { jwk: key.jwk });
    const visitor = new Device(browser);
    await fc.assert(
      fc.asyncProperty(forged(offer.challenge, other, attacker), async (text) => {
        expectRefusal(await visitor.post(offer.path, { "secure-session-response": text }));
      }),
      { numRuns, seed },
    );
    expect((await visitor.register(offer)).status).toBe(200);
  });

  it("lets nothing through that needs a page's key", async () => {
    const browser = world.browser();
    const answer = await browser.visit(async (session) => {
      await session.signIn("ada");
      return deviceKeyOffer(session);
    });
    const [id = "", jti] = String(answer.json).split(".");
    const key = await newKey();
    const registration = await sign(key, { jti }, { typ: "sojourn-key+jwt", jwk: key.jwk });
    const taken = await new Device(browser).post(`/dbsc/key/${id}`, { dpop: registration });
    const nonce = taken.headers.get("dpop-nonce");
    const claims = { jti: "A".repeat(22), htm: "POST", htu: `${ORIGIN}/transfer`, iat: 1, nonce };
    const good = { ...claims, ath: challengeOf(id) };
    const genuine = await sign(key, good, { typ: "dpop+jwt" });
    const asked = (dpop: string): Promise<number> =>
      browser
        .visit((session) => requireProof(session), {
          method: "POST",
          path: "/transfer",
          headers: { dpop, "sec-fetch-site": "same-origin" },
        })
        .then(({ status }) => status);
    await fc.assert(
      fc.asyncProperty(forged(String(jti), genuine, attacker), async (text) => {
        expect(await asked(text)).toBe(401);
      }),
      { numRuns, seed },
    );
    expect(await asked(genuine)).toBe(200);
  });
});

describe("whatever is sent as", () => {
  it("an identifier finds nothing", async () => {
    const other = new Device(device.browser);
    await fc.assert(
      fc.asyncProperty(headerText, async (id) => {
        other.id = id;
        const answer = await other.ask(await device.proof());
        if (answer.status === 200) {
          expect(await answer.json()).toMatchObject({ continue: false });
        }
        expect([200, 400]).toContain(answer.status);
        expect(answer.headers.getSetCookie()).toEqual([]);
      }),
      { numRuns: Math.ceil(numRuns / 4), seed },
    );
  });

  it("a path of ours is answered, and nothing else is", async () => {
    const path = fc.webPath({ size: "small" });
    await fc.assert(
      fc.asyncProperty(path, fc.constantFrom("register", "key"), async (tail, kind) => {
        expectRefusal(await device.post(`/dbsc/${kind}/${encodeURIComponent(tail)}`, {}));
      }),
      { numRuns: Math.ceil(numRuns / 4), seed },
    );
  });

  it("a bound cookie opens nothing", async () => {
    const own = await new Device(world.browser()).bind();
    await own.browser.visit(() => undefined);
    world.clock.move(120_000);
    const value = own.browser.jar.get(BOUND) ?? "";
    await fc.assert(
      fc.asyncProperty(
        headerText.filter((text) => text.trim() !== value),
        async (text) => {
          own.browser.jar.set(BOUND, text);
          const answer = await own.browser.visit((session) => session.userId ?? "nobody");
          expect(answer.text).not.toContain("ada");
          own.browser.jar.delete("__Host-session-tried");
        },
      ),
      { numRuns: Math.ceil(numRuns / 4), seed },
    );
  });
});
