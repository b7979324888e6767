import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cookieStore } from "../../../src/cookies/cookie.ts";
import { createSessions, memoryStore } from "../../../src/index.ts";
import {
  federated,
  type IdentityProvider,
  type IdTokenClaims,
  identityOf,
  receiveLogout,
  receiveSecurityEvent,
  renewIdentity,
  signInFrom,
} from "../../../src/security/oidc/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { HOUR, MINUTE, SECOND } from "../../laws/support/clock.ts";
import { World } from "../../laws/support/world.ts";
import { wrapped } from "../../laws/support/wrapped-store.ts";
import { CLIENT, comeFrom, federatedWorld, ISSUER, Provider } from "./support/provider.ts";

let provider: Provider;
let world: World;
beforeAll(async () => {
  provider = await Provider.open();
});
beforeEach(() => {
  world = federatedWorld([provider]);
});

const now = (): number => world.clock.now();
const inSeconds = (ms: number): number => ms / SECOND;

describe("who comes from an identity provider", () => {
  it("is known by what the provider says: issuer, subject, session, time, class, methods [ASVS 7.1.3]", async () => {
    const claims = provider.claims(now(), {
      sid: "s-1",
      acr: "urn:mace:incommon:iap:silver",
      amr: ["pwd", "otp"],
      auth_time: inSeconds(now() - HOUR),
    });
    const browser = world.browser();
    expect(await comeFrom(browser, claims)).toBe("ada");
    const known = {
      issuer: ISSUER,
      subject: "sub-of-ada",
      providerSession: "s-1",
      authenticatedAt: now() - HOUR,
      issuedAt: now(),
      acr: "urn:mace:incommon:iap:silver",
      amr: ["pwd", "otp"],
    };
    expect((await browser.visit(identityOf)).json).toEqual(known);
    await browser.visit((session) => session.regenerate());
    expect((await browser.visit(identityOf)).json).toEqual(known);
  });

  it("is not known any more once somebody signs in here", async () => {
    const browser = world.browser();
    await comeFrom(browser, provider.claims(now()));
    const bare = await browser.visit((session) => [
      identityOf(session)?.amr,
      identityOf(session)?.acr,
    ]);
    expect(bare.json).toEqual([[], null]);
    await browser.visit((session) => session.signIn("ada"));
    expect((await browser.visit((session) => identityOf(session) ?? null)).json).toBeNull();
  });

  it("is as fresh as the sign-in there, not as the token [NIST 5.2 federation]", async () => {
    const browser = world.browser();
    const claims = provider.claims(now(), { auth_time: inSeconds(now() - HOUR) });
    const { json } = await browser.visit(async (session) => {
      await signInFrom(session, "ada", claims, { factors: ["password"] });
      const factors = { factors: ["password"] };
      return [
        session.authenticatedAt,
        session.isFresh("59m"),
        session.isFresh("61m"),
        session.isFresh("59m", factors),
        session.isFresh("61m", factors),
      ];
    });
    expect(json).toEqual([now() - HOUR, false, true, false, true]);
  });

  it("is as fresh as now where the token does not say, or its clock is ahead", async () => {
    for (const auth of [undefined, null, inSeconds(now() + HOUR)]) {
      const browser = world.browser();
      await comeFrom(browser, provider.claims(now(), { auth_time: auth }));
      expect((await browser.visit((session) => session.authenticatedAt)).json).toBe(now());
    }
  });

  it("is refused with claims that no provider sends", async () => {
    const wrong: Partial<Record<keyof IdTokenClaims, unknown>>[] = [
      { iss: "" },
      { sub: undefined },
      { sub: "a".repeat(256) },
      { sub: "\uD800" },
      { sid: 7 },
      { sid: "" },
      { acr: {} },
      { amr: "pwd" },
      { amr: Array(17).fill("pwd") },
      { amr: [1] },
      { auth_time: "now" },
      { auth_time: -1 },
      { iat: undefined },
      { iat: Number.NaN },
    ];
    for (const change of wrong) {
      const claims = { ...provider.claims(now()), ...change } as IdTokenClaims;
      expect(await comeFrom(world.browser(), claims), JSON.stringify(change)).toBe("CodecError");
    }
    for (const none of [undefined, null, "token"]) {
      expect(await comeFrom(world.browser(), none as never)).toBe("OptionsError");
    }
    expect(await world.live()).toBe(0);
  });

  it("is refused from an issuer that nobody has named: it could end nothing", async () => {
    const claims = { ...provider.claims(now()), iss: "https://other.example" };
    expect(await comeFrom(world.browser(), claims)).toBe("OptionsError");
  });

  it("signs in once at a time", async () => {
    const { json } = await world.browser().visit(async (session) => {
      const [first, second] = await Promise.allSettled([
        signInFrom(session, "ada", provider.claims(now())),
        signInFrom(session, "bob", provider.claims(now(), { sub: "sub-of-bob" })),
      ]);
      return [first.status, second.status, session.userId];
    });
    expect(json).toEqual(["fulfilled", "rejected", "ada"]);
  });

  it("lends nobody an identity who signs in here in the same request", async () => {
    const claims = provider.claims(now());
    const ended = await provider.logout(now(), { sub: claims.sub });
    await receiveLogout(world.sessions, ended);
    const { json } = await world.browser().visit(async (session) => {
      const [eve, ada] = await Promise.allSettled([
        session.signIn("eve"),
        signInFrom(session, "ada", claims),
      ]);
      return [eve.status, ada.status];
    });
    // With ada's identity eve would be refused, too.
    expect(json).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a refresh in silence", () => {
  it("notes the class and methods of now, and moves no time [NIST 5.2 federation]", async () => {
    const browser = world.browser();
    const authTime = inSeconds(now() - MINUTE);
    await comeFrom(browser, provider.claims(now(), { sid: "s-1", auth_time: authTime, acr: "1" }));
    const [signedInAt, before] = [now() - MINUTE, now()];
    world.clock.move(10 * MINUTE);
    const renewed = provider.claims(now(), {
      sid: "s-1",
      auth_time: inSeconds(now()),
      acr: "2",
      amr: ["otp"],
    });
    await browser.visit((session) => renewIdentity(session, renewed));
    await browser.visit((session) => renewIdentity(session, provider.claims(now())));
    const { json } = await browser.visit((session) => [
      session.authenticatedAt,
      session.isFresh("5m"),
      identityOf(session),
    ]);
    const known = { authenticatedAt: signedInAt, issuedAt: before, acr: "2", amr: ["otp"] };
    expect(json).toMatchObject([signedInAt, false, { ...known, providerSession: "s-1" }]);
  });

  it("is refused for another one: the issuer, the subject, the provider's session", async () => {
    const browser = world.browser();
    await comeFrom(browser, provider.claims(now(), { sid: "s-1" }));
    const others = [
      { iss: "https://other.example" },
      { sub: "sub-of-bob" },
      { sid: "s-2" },
    ] satisfies Partial<IdTokenClaims>[];
    for (const other of others) {
      const { json } = await browser.visit(async (session) => {
        const claims = provider.claims(now(), { acr: "2", ...other });
        const error = await renewIdentity(session, claims).catch((refusal: Error) => refusal);
        return [(error as Error).message, identityOf(session)?.acr];
      });
      expect(json).toEqual([expect.stringContaining(Object.keys(other)[0] ?? ""), null]);
    }
  });

  it("is refused where nobody has come from a provider, and once the session has ended", async () => {
    const browser = await world.signedIn("ada");
    const { status } = await browser.visit((session) =>
      renewIdentity(session, provider.claims(now())),
    );
    expect(status).toBe(409);
    await comeFrom(browser, provider.claims(now()));
    const late = await browser.visit(async (session) => {
      await world.sessions.revoke(session.id, { userId: "ada" });
      await renewIdentity(session, provider.claims(now(), { acr: "2" }));
    });
    expect(late.status).toBe(409);
  });
});

const NO_REVOCATIONS = "none: a copied cookie works until it expires, signed out or not";

describe("federated()", () => {
  const keys: IdentityProvider["keys"] = () => Promise.reject(new Error("not asked"));
  const own = { issuer: ISSUER, clientId: CLIENT, keys };

  it.each<[string, unknown]>([
    ["federated.providers: ", {}],
    ["federated.providers: ", { providers: [] }],
    ["federated.provider", { provider: [own] }],
    ["federated.providers[0].issuer", { providers: [{ ...own, issuer: "" }] }],
    ["federated.providers[0].clientId", { providers: [{ ...own, clientId: undefined }] }],
    ["federated.providers[0].keys", { providers: [{ ...own, keys: {} }] }],
    ["federated.providers[0].alg", { providers: [{ ...own, alg: "RS256" }] }],
    ["federated.providers[0].algorithms", { providers: [{ ...own, algorithms: [] }] }],
    ["federated.providers[0].algorithms", { providers: [{ ...own, algorithms: "RS256" }] }],
    ["federated.providers[1].issuer", { providers: [own, own] }],
  ])("says what is wrong: %s", (option, options) => {
    expect(() => federated(options as never)).toThrow(option);
  });

  it.each(["none", "HS256", "RS1", "dir"])("believes no algorithm %s [ASVS 9.1.2]", (name) => {
    const providers = [{ ...own, algorithms: ["RS256", name] }];
    expect(() => federated({ providers })).toThrow("algorithms");
  });

  it("is refused over sessions that nobody can find", async () => {
    const protections = [federated({ providers: [own] })];
    const { directory: _, ...bare } = wrapped(memoryStore(), (_operation, send) => send());
    expect(() => createSessions({ store: bare, protections })).toThrow("federated: this store");
    const folder = mkdtempSync(join(tmpdir(), "sojourn-federated-"));
    const keys = [randomBytes(32).toString("base64url")];
    const revoked = sqliteStore(join(folder, "revoked.db"));
    for (const revocations of [NO_REVOCATIONS, revoked] as const) {
      const store = cookieStore({ revocations });
      expect(() => createSessions({ store, keys, protections })).toThrow("federated: sessions in");
    }
    await revoked.close?.();
    rmSync(folder, { recursive: true });
  });

  it("is asked for by whatever needs it", async () => {
    const plain = new World();
    const needs = /needs protections: \[federated/;
    await expect(receiveLogout(plain.sessions, "")).rejects.toThrow(needs);
    await expect(receiveSecurityEvent(plain.sessions, "")).rejects.toThrow(needs);
    expect(await comeFrom(plain.browser(), provider.claims(now()))).toBe("OptionsError");
    for (const option of ["userOf", "isMeant", "onEvent"]) {
      const wrong = receiveSecurityEvent(world.sessions, "", { [option]: "text" });
      await expect(wrong).rejects.toThrow(`receiveSecurityEvent.${option}`);
    }
  });
});
