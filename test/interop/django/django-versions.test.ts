import { describe, expect, it } from "vitest";
import { base62, readBase62 } from "../../../src/interop/django/base62.ts";
import { DjangoAuthHash } from "../../../src/interop/django/django-auth-hash.ts";
import { DjangoSessionData } from "../../../src/interop/django/django-session-data.ts";
import { DjangoSignedCookies } from "../../../src/interop/django/django-signed-cookies.ts";
import type { DjangoVersion } from "../../../src/interop/django/django-version.ts";
import { expiryValue, sessionExpiry } from "../../../src/interop/django/session-expiry.ts";
import { PyDict, PyFloat, PyMoment, type PyValue } from "../../../src/interop/python/values.ts";

const NOW = 1_700_000_000_000;
const SESSION = new PyDict([["user_id", 42]]);

function data(version: DjangoVersion, secretKey = "k", fallbacks: readonly string[] = []) {
  return new DjangoSessionData({ secretKey, fallbacks, version });
}

function cookies(version: DjangoVersion, secretKey = "k", fallbacks: readonly string[] = []) {
  return new DjangoSignedCookies({ secretKey, fallbacks, version });
}

function written(writing: ReturnType<DjangoSessionData["write"]>): string {
  return writing.ok ? writing.text : "";
}

describe("DjangoSessionData", () => {
  it.each<readonly [reader: DjangoVersion, writer: DjangoVersion, reads: boolean]>([
    ["2.2", "2.2", true],
    ["2.2", "3.1", false],
    ["2.2", "3.1 sha1", true],
    ["3.1", "2.2", true],
    ["3.1", "4.0", true],
    ["3.1 sha1", "2.2", true],
    ["4.0", "3.1", true],
    ["4.0", "2.2", false],
  ])("of %s reads, or does not, what %s wrote", (reader, writer, reads) => {
    expect(data(reader).read(written(data(writer).write(SESSION, NOW))).ok).toBe(reads);
  });

  it("says what is of an older form, or of an older key", () => {
    const older = data("2.2").write(SESSION, NOW);
    expect(data("3.1").read(written(older))).toMatchObject({ isCurrent: false });
    const ofFallback = data("4.0", "old").write(SESSION, NOW);
    const reader = data("4.0", "new", ["older", "old"]);
    expect(reader.read(written(ofFallback))).toMatchObject({ ok: true, isCurrent: false });
    expect(reader.read(written(reader.write(SESSION, NOW)))).toMatchObject({ isCurrent: true });
  });

  it("salts by the class of the project's store", () => {
    const options = { secretKey: "k", storeClass: "OurStore" };
    const text = written(new DjangoSessionData(options).write(SESSION, NOW));
    expect(new DjangoSessionData(options).read(text).ok).toBe(true);
    expect(data("4.0").read(text)).toStrictEqual({ ok: false, reason: "altered" });
  });
});

describe("DjangoSignedCookies", () => {
  it.each<readonly [reader: DjangoVersion, writer: DjangoVersion, reads: boolean]>([
    ["2.2", "2.2", true],
    ["2.2", "3.1", false],
    ["3.1", "2.2", true],
    ["3.1 sha1", "2.2", true],
    ["4.0", "2.2", false],
  ])("of %s read, or do not, what %s wrote", (reader, writer, reads) => {
    expect(
      cookies(reader).read(written(cookies(writer).write(SESSION, NOW)), { now: NOW }).ok,
    ).toBe(reads);
  });

  it("expire within a second, and not before", () => {
    const cookie = written(cookies("4.0").write(SESSION, NOW));
    const read = (age: number) => cookies("4.0").read(cookie, { now: NOW + age, maxAge: 60 });
    expect(read(60_000).ok).toBe(true);
    expect(read(60_001)).toStrictEqual({ ok: false, reason: "expired", issuedAt: NOW });
    expect(read(-3_600_000).ok).toBe(true);
  });
});

describe("DjangoAuthHash", () => {
  it("tells the hash of a fallback from that of the secret key", () => {
    const old = new DjangoAuthHash({ secretKey: "old" });
    const now = new DjangoAuthHash({ secretKey: "new", fallbacks: ["older", "old"] });
    expect(now.check(old.of("pw"), "pw")).toBe("fallback");
    expect(now.check(now.of("pw"), "pw")).toBe("current");
    expect(old.check(now.of("pw"), "pw")).toBe("changed");
    for (const hash of ["", "é", old.of("pw").toUpperCase()]) {
      expect(now.check(hash, "pw")).toBe("changed");
    }
  });

  it("is of SHA-1 before 3.1, and taken of it by 3.1", () => {
    const before = new DjangoAuthHash({ secretKey: "k", version: "2.2" });
    expect(before.of("pw")).toMatch(/^[0-9a-f]{40}$/);
    const check = (version: DjangoVersion) =>
      new DjangoAuthHash({ secretKey: "k", version }).check(before.of("pw"), "pw");
    expect(check("3.1")).toBe("current");
    expect(check("4.0")).toBe("changed");
  });
});

describe("sessionExpiry", () => {
  it.each<readonly [value: PyValue, expiry: ReturnType<typeof sessionExpiry>]>([
    [null, { kind: "default" }],
    [0, { kind: "browserClose" }],
    [new PyFloat(0), { kind: "browserClose" }],
    [-5, { kind: "afterSeconds", seconds: -5 }],
    [new PyFloat(1.5), { kind: "afterSeconds", seconds: 1.5 }],
    ["2023-11-14T23:13:20.250000+01:00", { kind: "at", at: NOW + 250 }],
    [new PyMoment("datetime", "2023-11-14T22:13:20+00:00"), { kind: "at", at: NOW }],
    ["2023-11-14T22:13:20", { kind: "naive", iso: "2023-11-14T22:13:20" }],
    ["soon", { kind: "malformed" }],
    ["2023-13-14T22:13:20+00:00", { kind: "malformed" }],
    [new PyFloat(Number.NaN), { kind: "malformed" }],
    [[], { kind: "malformed" }],
  ])("reads %o", (value, expiry) => {
    expect(sessionExpiry(new PyDict([["_session_expiry", value]]))).toStrictEqual(expiry);
  });

  it("reads what it has Django read", () => {
    const expiries = [
      { kind: "browserClose" },
      { kind: "afterSeconds", seconds: 600 },
      { kind: "at", at: NOW + 7 },
    ] as const;
    for (const expiry of expiries) {
      const value = expiryValue(expiry) ?? null;
      expect(sessionExpiry(new PyDict([["_session_expiry", value]]))).toStrictEqual(expiry);
    }
    expect(expiryValue({ kind: "default" })).toBe(undefined);
    expect(expiryValue({ kind: "at", at: NOW })).toBe("2023-11-14T22:13:20+00:00");
  });
});

describe("readBase62", () => {
  it.each(["", "-1", "00", "01", "1 ", "é", "zzzzzzzzzz", "zzzzzzzzz"])("refuses %j", (text) => {
    expect(readBase62(text)).toBe(undefined);
  });

  it("reads as far as JavaScript counts", () => {
    expect(readBase62(base62(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
  });
});
