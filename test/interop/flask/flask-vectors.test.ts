import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FlaskCookies } from "../../../src/interop/flask/flask-cookies.ts";
import { PyDict } from "../../../src/interop/python/values.ts";
import { fromNotation, type Notation } from "../support/notation.ts";
import { unordered } from "../support/plain.ts";
import { vectorsOf } from "../support/vectors.ts";

interface FlaskVectors {
  readonly versions: { readonly flask: string };
  readonly encode: readonly Encoded[];
  readonly decode: readonly Decoded[];
}

interface Encoded {
  readonly id: string;
  readonly secret: string | null;
  readonly secret_b64?: string | null;
  readonly timestamp: number;
  readonly payload: Notation;
  readonly json: string | null;
  readonly cookie: string;
  readonly sort_keys?: boolean;
  readonly decoded?: Notation;
}

interface Decoded {
  readonly id: string;
  readonly secret: string;
  readonly fallbacks: readonly string[] | null;
  readonly lifetime_s: number;
  readonly now: number;
  readonly cookie: string;
  readonly result: { readonly ok: boolean; readonly data?: Notation; readonly error?: string };
}

describe.each(vectorsOf<FlaskVectors>("flask-cookie"))("Flask $versions.flask", (vectors) => {
  describe.each(vectors.encode)("on $id", (vector) => {
    const cookies = new FlaskCookies({
      secretKey: secretOf(vector),
      keyOrder: vector.sort_keys === false ? "asInserted" : "sorted",
      lossyValues: "asFlask",
    });

    it("has its cookie written alike, but for the bytes of zlib", () => {
      const written = cookies.write(sessionOf(vector.payload), 1_000 * vector.timestamp);
      const cookie = written.ok ? written.cookie : JSON.stringify(written.refusal);
      expect(jsonOf(cookie)).toBe(vector.json ?? jsonOf(vector.cookie));
      if (!isPacked(vector.cookie)) expect(cookie).toBe(vector.cookie);
    });

    it("has its cookie read as what it reads itself", () => {
      const reading = cookies.read(vector.cookie, { now: 1_000 * vector.timestamp, maxAge: 0 });
      const expected = sessionOf(vector.decoded ?? vector.payload);
      expect(reading.ok && unordered(reading.session)).toStrictEqual(unordered(expected));
      expect(reading).toMatchObject({ issuedAt: 1_000 * vector.timestamp, isCurrent: true });
    });
  });

  it.each(vectors.decode)("takes or refuses $id as we do", (vector) => {
    const { secret, fallbacks, result } = vector;
    const cookies = new FlaskCookies({ secretKey: secret, fallbacks: fallbacks ?? [] });
    const bounds = { now: 1_000 * vector.now, maxAge: vector.lifetime_s };
    const reading = cookies.read(vector.cookie, bounds);
    expect(reading.ok).toBe(result.ok);
    if (reading.ok) {
      expect(unordered(reading.session)).toStrictEqual(unordered(sessionOf(result.data ?? {})));
    }
  });
});

function secretOf({ secret, secret_b64 }: Encoded): string | Uint8Array {
  return secret ?? Buffer.from(secret_b64 ?? "", "base64");
}

function sessionOf(note: Notation): PyDict {
  const session = fromNotation(note);
  if (!(session instanceof PyDict)) throw new Error("A session is a dict.");
  return session;
}

function jsonOf(cookie: string): string {
  const [payload = ""] = cookie.replace(/^\./, "").split(".");
  const bytes = Buffer.from(payload, "base64url");
  return (isPacked(cookie) ? inflateSync(bytes) : bytes).toString();
}

function isPacked(cookie: string): boolean {
  return cookie.startsWith(".");
}
