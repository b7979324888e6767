import { ownSecretBytes } from "../../../sealing/own-secret.ts";
import { RingKey } from "../../../sealing/ring-key.ts";
import type { Recogniser } from "../specimen.ts";
import { keyIdIn } from "./own-rings.ts";

/** A secret that `sojourn secret` has printed. It is not printed again. */
export const ownSecretText: Recogniser = ({ text }) => {
  const bytes = text.length > 200 ? undefined : ownSecretBytes(text);
  if (bytes === undefined) return undefined;
  const remarks = ["A secret is no cookie: whoever has seen this one can sign as you. Replace it."];
  const common = { format: "sojourn-secret", title: "Secret of sojourn", remarks } as const;
  if (bytes === "damaged") {
    const summary = "damaged: characters of it are missing or wrong";
    return { ...common, verdict: "refused", summary, facts: [] };
  }
  const keyId = keyIdIn(new RingKey(bytes).sealHead);
  const facts = [{ name: "key id", value: `${keyId}, as in the texts that it seals and signs` }];
  return { ...common, verdict: "recognised", summary: "whole, and not shown again", facts };
};
