import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  federated,
  receiveLogout,
  receiveSecurityEvent,
} from "../../../src/security/oidc/index.ts";
import type { Browser } from "../../laws/support/browser.ts";
import { DAY, MINUTE, SECOND } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";
import {
  CLIENT,
  comeFrom,
  federatedWorld,
  ISSUER,
  isAlive,
  LOGOUT_EVENT,
  Provider,
  SESSION_REVOKED,
} from "./support/provider.ts";

const AT = new Date(0);

let provider: Provider;
let stranger: Provider;
let world: World;
let browser: Browser;

beforeAll(async () => {
  [provider, stranger] = await Promise.all([
    Provider.open(),
    Provider.open("https://other.example"),
  ]);
});

beforeEach(async () => {
  world = federatedWorld([provider]);
  browser = world.browser();
  await comeFrom(browser, provider.claims(world.clock.now(), { sid: "s-1" }));
  AT.setTime(world.clock.now());
});

const now = (): number => world.clock.now();
const seconds = (): number => Math.floor(now() / SECOND);
/** What a logout token has, for who signs it in another way. */
const logoutClaims = () => ({
  iss: ISSUER,
  aud: CLIENT,
  iat: seconds(),
  exp: seconds() + 120,
  jti: crypto.randomUUID(),
  sid: "s-1",
  events: { [LOGOUT_EVENT]: {} },
});

async function refuses(token: unknown, problem: string): Promise<void> {
  expect(await receiveLogout(world.sessions, token)).toEqual({ ok: false, problem });
  expect(await isAlive(browser)).toBe(true);
}

describe("a logout token", () => {
  it("is believed where all is right, whatever the case and the prefix of its type", async () => {
    const token = await provider.logout(now(), { sid: "s-1" }, { typ: "application/Logout+JWT" });
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 1 });
    expect(await isAlive(browser)).toBe(false);
  });

  it("may have no type, as those of before there was one, and may be for several", async () => {
    const token = await provider.logout(
      now(),
      { sid: "s-1", aud: ["other", CLIENT] },
      { typ: undefined },
    );
    expect(await receiveLogout(world.sessions, token)).toEqual({ ok: true, ended: 1 });
  });

  it.each<[string, unknown]>([
    ["no text", undefined],
    ["an empty text", ""],
    ["no JWT", "a.b"],
    ["a list", ["a.b.c"]],
    ["longer than any token", `${"a".repeat(16_400)}.b.c`],
  ])("that is %s is malformed", (_name, token) => refuses(token, "malformed"));

  it("without a signature is not believed [ASVS 9.1.1, ASVS 9.1.2]", async () => {
    await refuses(new UnsecuredJWT(logoutClaims()).encode(), "unverified");
  });

  it("whose algorithm takes the public key for a secret is not believed [ASVS 9.1.2]", async () => {
    const [jwk = {}] = provider.jwks.keys;
    const pem = await exportSPKI((await importJWK(jwk, "ES256")) as CryptoKey);
    for (const secret of [pem, JSON.stringify(jwk), JSON.stringify(provider.jwks)]) {
      const token = await new SignJWT(logoutClaims())
        .setProtectedHeader({ alg: "HS256", kid: "first", typ: "logout+jwt" })
        .sign(new TextEncoder().encode(secret));
      await refuses(token, "unverified");
    }
  });

  it("by another algorithm than those of the configuration is not believed [ASVS 9.1.2]", async () => {
    const providers = [{ ...provider.asOption, algorithms: ["RS256", "EdDSA"] }];
    const strict = new World({ protections: [federated({ providers })] });
    const token = await provider.logout(strict.clock.now(), { sid: "s-1" });
    const refused = { ok: false, problem: "unverified" };
    expect(await receiveLogout(strict.sessions, token)).toEqual(refused);
  });

  it("that was changed after it was signed is not believed [ASVS 9.1.1]", async () => {
    const [head, , signature] = (await provider.logout(now(), { sid: "s-2" })).split(".");
    const payload = Buffer.from(JSON.stringify(logoutClaims())).toString("base64url");
    await refuses([head, payload, signature].join("."), "unverified");
  });

  it.each(["jwk", "jku", "x5u", "kid"])(
    "that brings a key of its own by %s is not believed [ASVS 9.1.3]",
    async (name) => {
      const { publicKey, privateKey } = await generateKeyPair("ES256");
      const jwk = await exportJWK(publicKey);
      const brought = { jwk, jku: "https://evil.example/jwks", x5u: "https://evil.example/x5u" };
      const header = { alg: "ES256", kid: name === "kid" ? "../mine" : "first", typ: "logout+jwt" };
      const token = await new SignJWT(logoutClaims())
        .setProtectedHeader(name === "kid" ? header : { ...header, [name]: brought[name as "jwk"] })
        .sign(privateKey);
      await refuses(token, "unverified");
    },
  );

  it("that asks for what nobody here understands (crit) is not believed", async () => {
    const token = await new SignJWT(logoutClaims())
      .setProtectedHeader({
        alg: "ES256",
        kid: "first",
        typ: "logout+jwt",
        crit: ["more"],
        more: 1,
      })
      .sign(provider.privateKey, { crit: { more: true } });
    await refuses(token, "unverified");
  });

  it.each<[string, () => Record<string, unknown>, string]>([
    ["is for another application", () => ({ aud: "other" }), "unverified"],
    ["is for nobody", () => ({ aud: undefined }), "unverified"],
    ["is of an issuer that nobody named", () => ({ iss: "https://evil.example" }), "issuer"],
    ["is of an issuer spelt otherwise", () => ({ iss: `${ISSUER}/` }), "issuer"],
    ["names no issuer", () => ({ iss: undefined }), "malformed"],
    ["has expired", () => ({ exp: seconds() - 61 }), "unverified"],
    ["is older than ten minutes", () => ({ iat: seconds() - 661 }), "unverified"],
    ["is of the future", () => ({ iat: seconds() + 61 }), "unverified"],
    ["counts no more once nbf is to come", () => ({ nbf: seconds() + 61 }), "unverified"],
    ["does not say when it was made", () => ({ iat: undefined }), "unverified"],
    ["has no number", () => ({ jti: undefined }), "unverified"],
    ["has an empty number", () => ({ jti: "" }), "malformed"],
    ["has a nonce, as an ID token", () => ({ nonce: "n" }), "malformed"],
    ["tells of no event", () => ({ events: undefined }), "unverified"],
    ["tells of events in no form", () => ({ events: "logout" }), "malformed"],
    ["tells of another event", () => ({ events: { [SESSION_REVOKED]: {} } }), "malformed"],
    ["tells of a logout in no form", () => ({ events: { [LOGOUT_EVENT]: true } }), "malformed"],
    ["is about nobody", () => ({ sid: undefined }), "malformed"],
    ["is about an empty session, and a user", () => ({ sid: "", sub: "sub-of-ada" }), "malformed"],
    ["is about a session that is no text", () => ({ sid: 1 }), "malformed"],
  ])(
    "is refused that %s [ASVS 9.2.1, ASVS 9.2.2, ASVS 9.2.3, ASVS 9.2.4]",
    async (_name, change, problem) => {
      const times = { exp: undefined };
      await refuses(await provider.logout(now(), { ...times, sid: "s-1", ...change() }), problem);
    },
  );

  it.each(["JWT", "at+jwt", "dpop+jwt", "secevent+jwt"])(
    "is none that says it is a token of type %s [ASVS 9.2.2]",
    async (typ) => refuses(await provider.logout(now(), { sid: "s-1" }, { typ }), "unverified"),
  );

  it("speaks for its own issuer alone: another provider's key, and another one's users", async () => {
    const both = federatedWorld([provider, stranger]);
    const ada = both.browser();
    await comeFrom(ada, provider.claims(both.clock.now(), { sid: "s-1" }));
    const forged = await stranger.logout(both.clock.now(), { sid: "s-1", iss: ISSUER });
    expect(await receiveLogout(both.sessions, forged)).toMatchObject({ problem: "unverified" });
    for (const about of [{ sid: "s-1" }, { sub: "sub-of-ada" }]) {
      const own = await stranger.logout(both.clock.now(), about);
      expect(await receiveLogout(both.sessions, own)).toEqual({ ok: true, ended: 0 });
    }
    expect(await isAlive(ada)).toBe(true);
  });

  it("ends nothing where the keys cannot be had, and is to be sent again", async () => {
    const keys = () => Promise.reject(new TypeError("fetch failed"));
    const providers = [{ ...provider.asOption, keys }];
    const broken = new World({ protections: [federated({ providers })] });
    const token = await provider.logout(broken.clock.now(), { sid: "s-1" });
    await expect(receiveLogout(broken.sessions, token)).rejects.toThrow("fetch failed");
  });
});

describe("a security event token", () => {
  const subject = { format: "iss_sub", iss: ISSUER, sub: "sub-of-ada" };

  it.each<[string, () => Promise<string>, string]>([
    [
      "has no type",
      () => provider.sign({ iat: seconds(), sub_id: subject, events: { [SESSION_REVOKED]: {} } }),
      "unverified",
    ],
    ["is a logout token", () => provider.logout(now(), { sid: "s-1" }), "unverified"],
    [
      "is older than a week",
      () => provider.event(now() - 7 * DAY - 2 * MINUTE, subject),
      "unverified",
    ],
    [
      "is for another application",
      () => provider.event(now(), subject, {}, { aud: "other" }),
      "unverified",
    ],
    ["tells of nothing", () => provider.event(now(), subject, {}, { events: {} }), "subject"],
    ["is about nobody", () => provider.event(now(), undefined), "subject"],
    ["is about a list", () => provider.event(now(), [subject]), "subject"],
    ["is about what is no subject", () => provider.event(now(), { sub: "sub-of-ada" }), "subject"],
  ])("is refused that %s [ASVS 9.2.1, ASVS 9.2.2, ASVS 9.2.3]", async (_name, token, problem) => {
    expect(await receiveSecurityEvent(world.sessions, await token())).toEqual({
      ok: false,
      problem,
    });
    expect(await isAlive(browser)).toBe(true);
  });

  it("is believed for a week, as it may wait to be sent again", async () => {
    const token = await provider.event(now(), subject);
    world.clock.move(6 * DAY);
    await comeFrom(browser, provider.claims(AT.getTime()));
    expect(await receiveSecurityEvent(world.sessions, token)).toMatchObject({ ok: true });
  });
});
