import { createSecretKey, type KeyObject } from "node:crypto";
import type { PySecret } from "../python/itsdangerous/derived-key.ts";
import type { EpochMs } from "../python/time-bounds.ts";
import type { TornadoReading, TornadoSecret } from "./signed-value.ts";
import { readVersion1, writeVersion1 } from "./version-1.ts";
import { readVersion2, writeVersion2 } from "./version-2.ts";

/** The secrets of a Tornado application that has several: by key version. */
export interface TornadoKeys {
  readonly secrets: ReadonlyMap<number, PySecret>;
  /** The `key_version` that signs. */
  readonly keyVersion: number;
}

/** How a signed value is read. */
export interface TornadoBounds {
  readonly now: EpochMs;
  /** In days. @default 31 */
  readonly maxAgeDays?: number;
  /** The oldest form that is taken. @default 1 */
  readonly minVersion?: 1 | 2;
}

const DAY_MS = 86_400_000;

/** Reads and writes the signed values of Tornado: `set_signed_cookie`, once `set_secure_cookie`. */
export class TornadoSigner {
  readonly #secret: TornadoSecret;
  readonly #keyVersion: number;
  readonly #key: KeyObject;

  /** Takes the `cookie_secret`: one, or several with the version that signs. */
  constructor(cookieSecret: PySecret | TornadoKeys) {
    const isSingle = isOne(cookieSecret);
    const secrets = isSingle ? new Map([[0, cookieSecret]]) : cookieSecret.secrets;
    const keys = new Map([...secrets].map(([version, secret]) => [version, prepared(secret)]));
    this.#keyVersion = isSingle ? 0 : cookieSecret.keyVersion;
    const key = keys.get(this.#keyVersion);
    if (key === undefined) throw new TypeError("The key version that signs has no secret.");
    this.#key = key;
    this.#secret = isSingle ? key : keys;
  }

  /** Signs the value of a cookie, in the form of version 2 unless told otherwise. */
  write(name: string, value: string | Uint8Array, now: EpochMs, version: 1 | 2 = 2): string {
    const parts = {
      name,
      base64: Buffer.from(value).toString("base64"),
      seconds: String(Math.floor(now / 1_000)),
    };
    return version === 1
      ? writeVersion1(this.#key, parts)
      : writeVersion2(this.#key, this.#keyVersion, parts);
  }

  /** Reads the value of a cookie: its name is signed along. */
  read(name: string, text: string, bounds: TornadoBounds): TornadoReading {
    const { now, maxAgeDays = 31, minVersion = 1 } = bounds;
    if (!text.isWellFormed()) return { ok: false, reason: "malformed" };
    const bytes = Buffer.from(text).toString("latin1");
    const version = versionOf(bytes);
    if (version < minVersion) return { ok: false, reason: "oldVersion" };
    if (version > 2) return { ok: false, reason: "malformed" };
    const reading =
      version === 1
        ? readVersion1(this.#secret, name, bytes, now)
        : readVersion2(this.#secret, name, bytes);
    const isExpired = reading.ok && now - reading.issuedAt > maxAgeDays * DAY_MS;
    return isExpired ? { ok: false, reason: "expired" } : reading;
  }
}

/** Numbers beyond 999 are taken for the base64 of version 1. */
function versionOf(bytes: string): number {
  const version = /^([1-9][0-9]{0,2})\|/.exec(bytes)?.[1];
  return version === undefined ? 1 : Number(version);
}

function isOne(cookieSecret: PySecret | TornadoKeys): cookieSecret is PySecret {
  return typeof cookieSecret === "string" || cookieSecret instanceof Uint8Array;
}

function prepared(secret: PySecret): KeyObject {
  return createSecretKey(Buffer.from(secret));
}
