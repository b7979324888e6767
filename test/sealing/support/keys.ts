import { randomBytes } from "node:crypto";
import { pooledRandom } from "../../../src/core/environment.ts";
import { KeyRing, type Keys } from "../../../src/sealing/key-ring.ts";
import { Sealer } from "../../../src/sealing/sealer.ts";

/** A key as `sojourn secret` prints it. */
export function freshKey(): string {
  return randomBytes(32).toString("base64url");
}

/** A sealer of its own, with nothing kept from others. */
export function sealerOf(keys: Keys): Sealer {
  return new Sealer(new KeyRing("keys", keys), pooledRandom());
}
