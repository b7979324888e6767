import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { base62, readBase62 } from "../../../src/interop/django/base62.ts";
import { DjangoAuthHash } from "../../../src/interop/django/django-auth-hash.ts";
import { DjangoSessionData } from "../../../src/interop/django/django-session-data.ts";
import { DjangoSignedCookies } from "../../../src/interop/django/django-signed-cookies.ts";
import { DjangoSigner } from "../../../src/interop/django/django-signer.ts";
import { sessionExpiry } from "../../../src/interop/django/session-expiry.ts";
import { type DjangoReading, readSigned } from "../../../src/interop/django/signed-session.ts";
import { PyDict } from "../../../src/interop/python/values.ts";
import { fromNotation, type Notation } from "../support/notation.ts";
import { unordered } from "../support/plain.ts";
import { vectorsOf } from "../support/vectors.ts";

interface DjangoVectors {
  readonly versions: { readonly django: string };
  readonly secret: string;
  readonly session_data: readonly Encoded[];
  readonly signed_cookies: readonly Encoded[];
  readonly decode: readonly Decoded[];
  readonly storage: readonly Stored[];
  readonly auth_hash: readonly {
    readonly password_field: string;
    readonly secret: string;
    readonly hash: string;
  }[];
  readonly base62: readonly (readonly [number: number, text: string])[];
  readonly expiry: readonly Expiry[];
  readonly legacy: readonly {
    readonly wire: string;
    readonly json: string;
    readonly decoded_by_this_version: Notation;
  }[];
}

interface Encoded {
  readonly id: string;
  readonly timestamp: number;
  readonly payload: Notation;
  readonly wire: string;
  readonly decoded: Notation;
  readonly raises?: string;
}

interface Decoded {
  readonly id: string;
  readonly wire: string;
  readonly now: number;
  readonly salt: string;
  readonly key: string;
  readonly fallback_keys: readonly string[] | null;
  readonly max_age: number | null;
  readonly result: { readonly ok: boolean; readonly data?: Notation };
}

interface Stored {
  readonly session_data?: string;
  readonly content?: string;
  readonly payload: Notation;
}

interface Expiry {
  readonly set_expiry: string;
  readonly stored: Notation;
  readonly age: number | null;
  readonly browser_close: boolean;
}

const NOW = 1_700_000_000_000;

describe.each(vectorsOf<DjangoVectors>("django"))("Django $versions.django", (vectors) => {
  const version = vectors.versions.django < "4" ? "3.1" : "4.0";
  const secrets = { secretKey: vectors.secret, version } as const;
  const codecs = {
    session_data: new DjangoSessionData(secrets),
    signed_cookies: new DjangoSignedCookies(secrets),
  };

  describe.each(["session_data", "signed_cookies"] as const)("in %s", (name) => {
    const codec = codecs[name];
    const written = vectors[name].filter(({ raises }) => raises === undefined);

    it.each(written)("has $id written alike, but for the bytes of zlib", (vector) => {
      const writing = codec.write(fromNotation(vector.payload) as PyDict, 1_000 * vector.timestamp);
      const text = writing.ok ? writing.text : JSON.stringify(writing.refusal);
      expect(jsonOf(text)).toBe(jsonOf(vector.wire));
      if (!vector.wire.startsWith(".")) expect(text).toBe(vector.wire);
    });

    it.each(written)("has $id read alike", (vector) => {
      const reading = codec.read(vector.wire, { now: 1_000 * vector.timestamp, maxAge: 0 });
      expect(plain(reading)).toStrictEqual(
        unordered(fromNotation(vector.decoded ?? vector.payload)),
      );
      expect(reading).toMatchObject({ issuedAt: 1_000 * vector.timestamp, isCurrent: true });
    });

    it.each(vectors[name].filter(({ raises }) => raises !== undefined))(
      "refuses $id alike",
      ({ payload }) => {
        expect(codec.write(fromNotation(payload) as PyDict, NOW).ok).toBe(false);
      },
    );
  });

  it.each(vectors.decode)("takes or refuses $id alike", ({ now, max_age, result, ...vector }) => {
    const fallbacks = version === "3.1" ? [] : (vector.fallback_keys ?? []);
    const signer = new DjangoSigner({ secretKey: vector.key, fallbacks, version }, vector.salt);
    const bounds = { now: 1_000 * now, ...(max_age !== null && { maxAge: max_age }) };
    const reading = readSigned(signer, vector.wire, bounds);
    expect(reading.ok).toBe(result.ok);
    if (reading.ok)
      expect(plain(reading)).toStrictEqual(unordered(fromNotation(result.data ?? {})));
  });

  it("has the records of its database and its files read alike", () => {
    const stored = vectors.storage.filter((each) => each.session_data ?? each.content);
    expect(stored.length).toBeGreaterThan(1);
    for (const { session_data, content, payload } of stored) {
      const reading = codecs.session_data.read(session_data ?? content ?? "");
      expect(plain(reading)).toStrictEqual(unordered(fromNotation(payload)));
    }
  });

  it.each(vectors.auth_hash)("makes the same hash of $password_field", (vector) => {
    const hashes = new DjangoAuthHash({ secretKey: vector.secret, version });
    expect(hashes.of(vector.password_field)).toBe(vector.hash);
    expect(hashes.check(vector.hash, vector.password_field)).toBe("current");
    expect(hashes.check(vector.hash, `${vector.password_field} `)).toBe("changed");
  });

  it.each(vectors.base62)("writes %d as %s", (number, text) => {
    expect(base62(number)).toBe(text);
    expect(readBase62(text)).toBe(number);
  });

  it.each(vectors.expiry.filter(({ age }) => age !== null))(
    "means by set_expiry $set_expiry what we read",
    ({ stored, age, browser_close }) => {
      const session = new PyDict(
        stored === null ? [] : [["_session_expiry", fromNotation(stored)]],
      );
      const expiry = sessionExpiry(session);
      expect(expiry.kind === "browserClose").toBe(browser_close);
      if (expiry.kind === "afterSeconds") expect(expiry.seconds).toBe(age);
      if (expiry.kind === "at") expect(expiry.at).toBe(NOW + 1_000 * (age ?? 0));
      expect(expiry.kind === "default" || expiry.kind === "browserClose").toBe(age === 1_209_600);
    },
  );

  it.each(vectors.legacy)("reads, or does not, what was written before 3.1", (vector) => {
    const reading = codecs.session_data.read(vector.wire);
    const data = fromNotation(vector.decoded_by_this_version) as PyDict;
    expect(reading.ok).toBe(data.entries.length > 0);
    if (reading.ok) expect(plain(reading)).toStrictEqual(unordered(data));
    const before = new DjangoSessionData({ secretKey: vectors.secret, version: "2.2" });
    const again = before.read(vector.wire);
    const session = again.ok ? again.session : new PyDict([]);
    expect(before.write(session, NOW)).toStrictEqual({ ok: true, text: vector.wire });
  });
});

function plain(reading: DjangoReading): unknown {
  return reading.ok ? unordered(reading.session) : reading.reason;
}

function jsonOf(text: string): string {
  const isPacked = text.startsWith(".");
  const [payload = ""] = text.replace(/^\./, "").split(":");
  const bytes = Buffer.from(payload, "base64url");
  return (isPacked ? inflateSync(bytes) : bytes).toString();
}
