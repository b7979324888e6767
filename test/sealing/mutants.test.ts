import { describe, expect, it } from "vitest";
import { bindTo } from "../../src/sealing/binding.ts";
import { KeyRing } from "../../src/sealing/key-ring.ts";
import { Signer } from "../../src/sealing/signer.ts";
import { freshKey, sealerOf } from "./support/keys.ts";
import { drawFrom, mutant } from "./support/mutants.ts";

/** As many as one likes by hand: MUTANTS=1000000 npx vitest run test/sealing/mutants.test.ts */
const MUTANTS = Number(process.env["MUTANTS"] ?? 100_000);
/** The slowest takes 40 µs; ten times that, for a busy machine. */
const PATIENCE_MS = 15_000 + MUTANTS;
const SEED = Number(process.env["SEED"] ?? 20_261_121);

const binding = bindTo("session", "__Host-session");
const keys = [freshKey(), freshKey()];
const sealer = sealerOf(keys);
const signer = new Signer(new KeyRing("keys", keys));
const LENGTHS = [0, 20, 63, 64, 200, 900];

describe.each([
  [
    "sealed",
    (text: string) => sealer.seal(text, binding),
    (text: string) => sealer.open(text, binding),
  ],
  [
    "signed",
    (text: string) => signer.sign(text, binding),
    (text: string) => signer.verify(text, binding),
  ],
] as const)("%s texts made wrong", (_, make, read) => {
  it(
    `are never accepted, and never make it throw: ${MUTANTS} of them`,
    () => {
      const draw = drawFrom(SEED);
      const originals = LENGTHS.map((length) => make("x".repeat(length)));
      const valid = new Set(originals);
      const seen = { malformed: 0, unknownKey: 0, altered: 0 };
      for (let count = 0; count < MUTANTS; ) {
        const [original = "", other = ""] = [pick(originals, draw), pick(originals, draw)];
        const text = mutant(original, draw, other);
        if (valid.has(text)) continue;
        count += 1;
        const { kind } = read(text);
        if (kind === "opened") expect.fail(`accepted: ${text}, made from ${original}`);
        seen[kind] += 1;
      }
      for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});

function pick(texts: readonly string[], draw: (limit: number) => number): string | undefined {
  return texts[draw(texts.length)];
}
