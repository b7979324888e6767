import { describe, expect, it } from "vitest";
import { PyBytes } from "../../../src/interop/python/values.ts";
import { TornadoSigner } from "../../../src/interop/tornado/tornado-signer.ts";
import { signedKeyVersion } from "../../../src/interop/tornado/version-2.ts";
import { fromNotation, type Notation } from "../support/notation.ts";
import { vectorsOf } from "../support/vectors.ts";

interface TornadoVectors {
  readonly versions: { readonly tornado: string };
  readonly encode: readonly Encoded[];
  readonly decode: readonly Decoded[];
  readonly key_version: readonly { readonly wire: string; readonly key_version: number | null }[];
}

type Secrets = { readonly [version: string]: Notation };

interface Encoded {
  readonly id: string;
  readonly version: 1 | 2;
  readonly secret?: string;
  readonly secrets?: Secrets;
  readonly key_version?: number;
  readonly name: string;
  readonly value: Notation;
  readonly timestamp: number;
  readonly wire: string;
  readonly wire_utf8_hex?: string | null;
}

interface Decoded {
  readonly id: string;
  readonly wire: string;
  readonly now: number;
  readonly name: string;
  readonly secret: string | Secrets;
  readonly min_version?: 1 | 2;
  readonly max_age_days?: number;
  readonly result: { readonly value: Notation };
}

describe.each(vectorsOf<TornadoVectors>("tornado-pycket"))(
  "Tornado $versions.tornado",
  (vectors) => {
    it.each(vectors.encode)("signs $id in version $version alike", (vector) => {
      const signer = signerOf(vector.secret ?? vector.secrets ?? {}, vector.key_version);
      const now = 1_000 * vector.timestamp;
      const written = signer.write(vector.name, bytesOf(vector.value), now, vector.version);
      const wire = vector.wire_utf8_hex ?? Buffer.from(vector.wire).toString("hex");
      expect(Buffer.from(written).toString("hex")).toBe(wire);
      // It counts characters where it reads bytes, and so does not read this name itself.
      if (vector.id === "unicode-name" && vector.version === 2) return;
      const reading = signer.read(vector.name, written, { now, maxAgeDays: 0 });
      const value = Buffer.from(bytesOf(vector.value));
      expect(reading).toStrictEqual({ ok: true, value, issuedAt: now, version: vector.version });
    });

    it.each(vectors.decode)("takes or refuses $id alike", (vector) => {
      const signer = signerOf(vector.secret);
      const reading = signer.read(vector.name, vector.wire, {
        now: 1_000 * vector.now,
        ...(vector.min_version !== undefined && { minVersion: vector.min_version }),
        ...(vector.max_age_days !== undefined && { maxAgeDays: vector.max_age_days }),
      });
      const value = reading.ok ? reading.value.toString("base64") : null;
      const expected = fromNotation(vector.result.value);
      expect(value).toBe(
        expected instanceof PyBytes ? Buffer.from(expected.bytes).toString("base64") : null,
      );
    });

    it.each(vectors.key_version)("finds key version $key_version in $wire", (vector) => {
      expect(signedKeyVersion(vector.wire)).toBe(vector.key_version ?? undefined);
    });
  },
);

function signerOf(secret: string | Secrets, keyVersion?: number): TornadoSigner {
  if (typeof secret === "string") return new TornadoSigner(secret);
  const secrets = Object.entries(secret).map(([version, each]) => [Number(version), bytesOf(each)]);
  const keys = new Map(secrets as [number, string | Uint8Array][]);
  return new TornadoSigner({ secrets: keys, keyVersion: keyVersion ?? [...keys.keys()][0] ?? 0 });
}

function bytesOf(note: Notation): string | Uint8Array {
  const value = fromNotation(note);
  return value instanceof PyBytes ? value.bytes : String(value);
}
