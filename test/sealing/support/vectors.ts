import { createHash } from "node:crypto";
import { bindTo } from "../../../src/sealing/binding.ts";
import { KeyRing } from "../../../src/sealing/key-ring.ts";
import { Sealer } from "../../../src/sealing/sealer.ts";
import { Signer } from "../../../src/sealing/signer.ts";

/** One line of docs/sealed-vectors.json. */
export interface Vector {
  /** The bytes of the secret. */
  readonly secretHex: string;
  /** The purpose, then its parts. */
  readonly binding: readonly [string, ...string[]];
  readonly text: string;
  readonly saltHex: string;
  readonly nonceHex: string;
  readonly sealed: string;
  readonly signed: string;
}

const BINDINGS: readonly (readonly [string, ...string[]])[] = [
  ["sojourn/value", "preferences"],
  ["sojourn/example", "__Host-session", ""],
  ["zweck", "größe", "世界"],
];

const TEXTS: readonly string[] = [
  "",
  "{}",
  '{"user":"u1","theme":"dark"}',
  "x".repeat(63),
  "x".repeat(64),
  `${"é".repeat(40)} 👩‍👩‍👧`,
];

/** The vectors, the same at each call: what would be random is the hash of a number. */
export function makeVectors(): readonly Vector[] {
  return BINDINGS.flatMap((binding, row) =>
    TEXTS.map((text, column) => makeVector(`${row}/${column}`, binding, text)),
  );
}

function makeVector(name: string, binding: Vector["binding"], text: string): Vector {
  const secret = invented(`secret ${name}`, 32);
  const salt = invented(`salt ${name}`, 16);
  const nonce = invented(`nonce ${name}`, 12);
  const ring = new KeyRing("keys", secret);
  const draws = [salt, nonce];
  const sealer = new Sealer(ring, () => draws.shift() ?? Buffer.alloc(0));
  const [purpose, ...parts] = binding;
  return {
    secretHex: secret.toString("hex"),
    binding,
    text,
    saltHex: salt.toString("hex"),
    nonceHex: nonce.toString("hex"),
    sealed: sealer.seal(text, bindTo(purpose, ...parts)),
    signed: new Signer(ring).sign(text, bindTo(purpose, ...parts)),
  };
}

function invented(name: string, length: number): Buffer {
  return createHash("sha256").update(`sojourn test vector: ${name}`).digest().subarray(0, length);
}
