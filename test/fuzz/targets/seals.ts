import { seal, sign, unseal, unsign } from "../../../src/cookies/cookie.ts";
import { freshKey } from "../../sealing/support/keys.ts";
import { bytesOf, Finding, type Subject, type Target } from "../target.ts";

type Options = Parameters<typeof unseal>[1];
type Make = (value: string, options: Options) => string;
type Read = (text: string, options: Options) => unknown;

const LENGTHS = [0, 20, 63, 64, 200, 900];

function subjectOf(make: Make, read: Read): Subject {
  const keys = [freshKey(), freshKey()];
  const options = { keys, purpose: "fuzz" };
  const texts = LENGTHS.map((length) => make("x".repeat(length), options));
  // Sealed under other keys, or for another purpose: pieces of them are of use to a forger.
  const others = [
    make("x", { ...options, purpose: "other" }),
    make("x", { ...options, keys: [freshKey()] }),
  ];
  const good = new Set(texts);
  return {
    seeds: bytesOf(...texts, ...others),
    pieces: bytesOf(...others, ".", "=", "==", "AAAA", "-", "_", "+", "/"),
    attempt(input) {
      const text = input.toString("latin1");
      if (read(text, options) === undefined) return "refused";
      if (!good.has(text)) throw new Finding("it takes what nobody has made");
      return "taken";
    },
  };
}

export const sealed: Target = {
  name: "sealed texts",
  share: 150,
  open: () => subjectOf(seal, unseal),
};

export const signed: Target = {
  name: "signed texts",
  share: 150,
  open: () => subjectOf(sign, unsign),
};
