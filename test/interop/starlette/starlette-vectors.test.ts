import { describe, expect, it } from "vitest";
import { PyDict } from "../../../src/interop/python/values.ts";
import { StarletteCookies } from "../../../src/interop/starlette/starlette-cookies.ts";
import { fromNotation, type Notation } from "../support/notation.ts";
import { unordered } from "../support/plain.ts";
import { vectorsOf } from "../support/vectors.ts";

interface StarletteVectors {
  readonly versions: { readonly starlette: string };
  readonly encode: readonly {
    readonly id: string;
    readonly secret: string;
    readonly timestamp: number;
    readonly payload: Notation;
    readonly cookie: string;
    readonly decoded: Notation;
  }[];
  readonly decode: readonly {
    readonly id: string;
    readonly secret: string;
    readonly max_age: number | null;
    readonly now: number;
    readonly cookie: string;
    readonly result: { readonly ok: boolean; readonly data?: Notation };
  }[];
}

describe.each(vectorsOf<StarletteVectors>("starlette"))(
  "Starlette $versions.starlette",
  (vectors) => {
    it.each(vectors.encode)("writes $id byte for byte alike", (vector) => {
      const session = fromNotation(vector.payload) as PyDict;
      const written = new StarletteCookies(vector.secret).write(session, 1_000 * vector.timestamp);
      expect(written).toStrictEqual({ ok: true, cookie: vector.cookie });
    });

    it.each(vectors.encode)("reads $id alike", ({ secret, timestamp, cookie, decoded }) => {
      const bounds = { now: 1_000 * timestamp, maxAge: 0 };
      const reading = new StarletteCookies(secret).read(cookie, bounds);
      expect(reading).toStrictEqual({
        ok: true,
        session: fromNotation(decoded),
        issuedAt: 1_000 * timestamp,
      });
    });

    it.each(vectors.decode)("takes or refuses $id alike", ({ max_age, now, ...vector }) => {
      const bounds = { now: 1_000 * now, ...(max_age !== null && { maxAge: max_age }) };
      const reading = new StarletteCookies(vector.secret).read(vector.cookie, bounds);
      expect(reading.ok).toBe(vector.result.ok);
      const data = fromNotation(vector.result.data ?? null);
      if (reading.ok) expect(unordered(reading.session)).toStrictEqual(unordered(data));
    });

    it("refuses what its JSON has no word for", () => {
      const written = new StarletteCookies("k").write(
        new PyDict([["d", new PyDict([[[], 1]])]]),
        0,
      );
      expect(written).toStrictEqual({ ok: false, refusal: { path: "d", kind: "list as key" } });
    });
  },
);
