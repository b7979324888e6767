import { pooledRandom } from "../../../src/core/environment.ts";
import { bindTo } from "../../../src/sealing/binding.ts";
import { KeyRing } from "../../../src/sealing/key-ring.ts";
import { Sealer } from "../../../src/sealing/sealer.ts";
import { Signer } from "../../../src/sealing/signer.ts";

/** As in docs/sealed-vectors.json. */
export interface SealedText {
  readonly secretHex: string;
  readonly binding: readonly [string, ...string[]];
  readonly text: string;
  readonly sealed: string;
  readonly signed: string;
}

/** What a runtime makes of one of them. */
export interface Reading {
  readonly opened: string | undefined;
  readonly verified: string | undefined;
  /** How many of the altered texts were taken for whole ones. */
  readonly accepted: number;
  /** Its own, for others to open. */
  readonly sealed: string;
  readonly signed: string;
}

// Made while the module is loaded, as an application would.
const RANDOM = pooledRandom();
const OTHER_SECRET = "a5b683602dd952c93630d1f913c68eb69bd544c541d343822c9b90c83392b83c";
const OTHER = new Sealer(new KeyRing("keys", OTHER_SECRET), RANDOM);

/** Opens and verifies the text, altered ones too, and seals and signs it anew. */
export function readingOf({ secretHex, binding, text, sealed, signed }: SealedText): Reading {
  const ring = new KeyRing("keys", secretHex);
  const sealer = new Sealer(ring, RANDOM);
  const signer = new Signer(ring);
  const bound = bindTo(...binding);
  const accepted = [...alterationsOf(sealed)].filter(
    (altered) => sealer.open(altered, bound).kind === "opened",
  ).length;
  const opened = sealer.open(sealed, bound);
  const verified = signer.verify(signed, bound);
  return {
    opened: opened.kind === "opened" ? opened.text : undefined,
    verified: verified.kind === "opened" ? verified.text : undefined,
    accepted: accepted + (OTHER.open(sealed, bound).kind === "opened" ? 1 : 0),
    sealed: sealer.seal(text, bound),
    signed: signer.sign(text, bound),
  };
}

function* alterationsOf(sealed: string): Iterable<string> {
  for (let at = 0; at < sealed.length; at += 1) {
    yield sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
    if (at % 8 === 0) yield sealed.slice(0, at);
  }
}
