import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import expressSession from "express-session";
import { describe, expect, it } from "vitest";
import * as adopt from "../../../src/interop/adopt/index.ts";
import { openedToken, tokenKeys } from "../../../src/interop/javascript/encrypted-jwt.ts";
import { unsealed } from "../../../src/interop/javascript/iron-seal.ts";
import { encryptedToken, ironSeal, signed } from "../support/javascript-sealers.ts";
import { adoptionOf, JAVASCRIPT, newSite, oldStoreOf } from "../support/javascript-vectors.ts";
import { sodium } from "../support/sodium.ts";

const { secret: SECRET, at: AT, vectors } = JAVASCRIPT;
// It has no types of its own.
const FileStore: new (options: object) => adopt.ConnectStore = createRequire(import.meta.url)(
  "session-file-store",
)(expressSession);
const NAME = "authjs.session-token";
const INFO = `Auth.js Generated Encryption Key (${NAME})`;
const KEYS = tokenKeys([SECRET], NAME, INFO);
const BOTH = ["A256CBC-HS512", "A256GCM"] as const;

describe("an encrypted token", () => {
  it("is opened under its one key management, and no other", () => {
    expect(openedToken(encryptedToken("{}", SECRET, NAME), KEYS, BOTH)).toEqual({
      ok: true,
      claims: {},
    });
    for (const alg of ["none", "RSA-OAEP", "A256KW", "PBES2-HS512+A256KW", undefined, 7]) {
      const token = encryptedToken("{}", SECRET, NAME, { alg, enc: "A256CBC-HS512" });
      expect(openedToken(token, KEYS, BOTH)).toEqual({ ok: false, reason: "malformed" });
    }
  });

  it.each([{ zip: "DEF" }, { crit: ["b64"] }, { enc: "A128CBC-HS256" }, { enc: "__proto__" }])(
    "is refused with more in its header than is known: %o",
    (more) => {
      const token = encryptedToken("{}", SECRET, NAME, {
        alg: "dir",
        enc: "A256CBC-HS512",
        ...more,
      });
      expect(openedToken(token, KEYS, BOTH)).toEqual({ ok: false, reason: "malformed" });
    },
  );

  it("is not opened by the encryption that a version does not write", () => {
    const token = encryptedToken("{}", SECRET, NAME);
    expect(openedToken(token, KEYS, ["A256GCM"])).toEqual({ ok: false, reason: "malformed" });
  });

  it("is not believed where another user's name was put in by its vector", () => {
    const token = encryptedToken('{"sub":"bob"}', SECRET, NAME);
    const [head = "", , iv = "", ...rest] = token.split(".");
    const vector = Buffer.from(iv, "base64url");
    // In this mode a bit of the vector is a bit of the first block.
    vector.writeUInt8(vector.readUInt8(8) ^ "b".charCodeAt(0) ^ "r".charCodeAt(0), 8);
    const other = [head, "", vector.toString("base64url"), ...rest].join(".");
    expect(openedToken(other, KEYS, BOTH)).toEqual({ ok: false, reason: "altered" });
  });

  it("is no signed one", () => {
    const head = Buffer.from('{"alg":"none"}').toString("base64url");
    const body = Buffer.from('{"sub":"ada","exp":9999999999}').toString("base64url");
    for (const token of [`${head}.${body}.`, `${head}..${body}..`, `${head}.${body}...`]) {
      expect(openedToken(token, KEYS, BOTH)).toEqual({ ok: false, reason: "malformed" });
    }
  });

  it("that is too long is not looked at", () => {
    const token = encryptedToken(JSON.stringify({ long: "x".repeat(40_000) }), SECRET, NAME);
    expect(openedToken(token, KEYS, BOTH)).toEqual({ ok: false, reason: "malformed" });
  });
});

describe("a seal", () => {
  const open = (text: string, now = AT) =>
    unsealed(text, { passwordsFor: () => [SECRET], iterations: [1] }, now);

  it("is opened for a minute after its end, as Iron does", () => {
    const seal = ironSeal("{}", SECRET, "", String(AT));
    expect(open(seal, AT + 59_999)).toMatchObject({ ok: true });
    expect(open(seal, AT + 60_000)).toEqual({ ok: false, reason: "expired" });
  });

  it("whose end was moved is not believed", () => {
    const seal = ironSeal("{}", SECRET, "", String(AT));
    const later = seal.replace(`*${AT}*`, `*${AT + 1}*`);
    expect(open(later)).toEqual({ ok: false, reason: "altered" });
    expect(open(seal.replace(`*${AT}*`, "**"))).toEqual({ ok: false, reason: "altered" });
  });

  it("cannot say how often its password is hashed, nor in a salt without end", () => {
    const seal = ironSeal("{}", SECRET);
    expect(open(seal.replace("ab".repeat(32), "ab".repeat(1_000)))).toMatchObject({
      reason: "malformed",
    });
    expect(open(`${seal}*8192`)).toEqual({ ok: false, reason: "malformed" });
  });

  it("is sought under the number that it names alone", () => {
    const vector = vectors.find(
      ({ library, id }) => library === "iron-session" && id === "numbered",
    );
    if (vector === undefined) throw new Error("no vector");
    const site = newSite(
      adoptionOf(vector, oldStoreOf(vector), () => undefined, { password: { 3: SECRET } }),
      AT,
    );
    return site
      .browser(Object.entries(vector.cookies))
      .visit(() => undefined)
      .then(() => expect(site.told).toEqual(["rejected unknownKey"]));
  });
});

describe("express-session's id", () => {
  const vector = { library: "express-session", options: { secret: SECRET }, stored: {} } as const;

  it.each([
    ["without a signature", "s%3Aabcdefgh"],
    ["that is not marked as signed", encodeURIComponent(signed("abcdefgh", SECRET))],
    ["in percent signs that are none", "s%3A%ZZ"],
    ["of its signature alone", encodeURIComponent(`s:${signed("", SECRET)}`)],
    ["with a line break", encodeURIComponent(`s:${signed("abc\ndefgh", SECRET)}`)],
  ])("never reaches the store %s", async (_, cookie) => {
    const store = oldStoreOf(vector);
    const site = newSite(
      adoptionOf(vector, store, () => undefined),
      AT,
    );
    await site.browser([["connect.sid", cookie]]).visit(() => undefined);
    expect(site.told).toEqual([expect.stringMatching(/^rejected (?:malformed|altered)$/)]);
    expect(store.calls).toEqual([]);
  });

  it("under which nothing lies is unknown, and its cookie stays", async () => {
    const store = oldStoreOf(vector);
    const site = newSite(
      adoptionOf(vector, store, () => undefined),
      AT,
    );
    const browser = site.browser([
      ["connect.sid", encodeURIComponent(`s:${signed("abcdefgh", SECRET)}`)],
    ]);
    await browser.visit(() => undefined);
    expect([site.told, store.calls, browser.jar.size]).toEqual([["rejected unknown"], ["find"], 1]);
  });
});

describe("a store of express-session's over files", () => {
  it("says of an absent session that its file is not there: no failure of the store's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sojourn-files-"));
    const store: adopt.ConnectStore = new FileStore({
      path: folder,
      retries: 0,
      logFn: () => undefined,
    });
    const old = adopt.expressSessionCookie({ secret: SECRET, store, map: () => undefined });
    const site = newSite(old, AT);
    const cookie = encodeURIComponent(`s:${signed("abcdefgh", SECRET)}`);
    const { status } = await site.browser([["connect.sid", cookie]]).visit(() => undefined);
    expect([status, site.told, site.errors]).toEqual([200, ["rejected unknown"], []]);
    rmSync(folder, { recursive: true });
  });
});

describe("two browsers in which one user has the same values", () => {
  it("are two sessions, where what was sealed tells them apart", async () => {
    const options = { password: SECRET, cookieName: "app", ttl: false };
    const vector = vectors.filter(
      ({ library, id }) => library === "iron-session" && id === "endless",
    );
    const site = newSite(
      adoptionOf({ library: "iron-session", options }, oldStoreOf({}), () => ({
        data: {},
        userId: "7",
      })),
      AT,
    );
    const [one, other] = vector.map(({ cookies }) => site.browser(Object.entries(cookies)));
    await one?.visit((session) => session.signOut());
    expect((await other?.visit((session) => session.userId))?.json).toBe("7");
  });
});

describe("options of what other libraries left", () => {
  const map = () => undefined;

  it.each([
    [
      () => adopt.expressSessionCookie({ secret: SECRET, map } as never),
      /\.store: must have get\(\)/,
    ],
    [
      () => adopt.expressSessionCookie({ secret: [], store: {}, map } as never),
      /\.secret: must hold/,
    ],
    [
      () => adopt.fastifySessionCookie({ secret: SECRET, algorithm: "rot13", store: STORE, map }),
      /hash/,
    ],
    [() => adopt.secureSessionCookie({ key: "short", sodium, map }), /\.key: must be 32 bytes/],
    [() => adopt.secureSessionCookie({ secret: SECRET, sodium, map } as never), /crypto_pwhash/],
    [() => adopt.ironSessionCookie({ password: "short", cookieName: "a", map }), /32 characters/],
    [() => adopt.ironSessionCookie({ password: { one: SECRET }, cookieName: "a", map }), /number/],
    [() => adopt.ironSessionCookie({ password: {}, cookieName: "a", map }), /must hold a password/],
    [() => adopt.h3SessionCookie({ password: [], map }), /32 characters/],
    [() => adopt.h3SessionCookie({ password: SECRET, seal: {}, map } as never), /h3's own/],
    [() => adopt.honoSessionsCookie({ map }), /encryptionKey: must be/],
    [
      () => adopt.honoSessionsCookie({ store: { getSessionById: map, deleteSession: map }, map }),
      /adoptionSecret: is needed/,
    ],
    [() => adopt.authJsCookie({ secret: "", map }), /\.secret: must be/],
    [() => adopt.authJsDatabaseCookie({ adapter: {}, map }), /getSessionAndUser\(\)/],
    [
      () =>
        adopt.authJsDatabaseCookie({
          adapter: { getSessionAndUser: map, deleteSession: map },
          map,
        }),
      /adoptionSecret: is needed/,
    ],
    [() => adopt.betterAuthCookie({ secret: SECRET, map } as never), /\.find: must be a function/],
    [() => adopt.cookieSessionCookie({ keys: [], map }), /\.keys: must hold/],
    [() => adopt.koaSessionCookie({ keys: SECRET, signed: false, map } as never), /anybody's word/],
  ])("are refused by name: %#", (make, message) => {
    expect(make).toThrow(message);
  });
});

const STORE: adopt.ConnectStore = { get: () => undefined, destroy: () => undefined };
