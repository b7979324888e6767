import { type JsonValue, parse } from "../../../core/json.ts";
import { decodedUtf8 } from "../../../interop/python/utf8.ts";
import { Signer } from "../../../sealing/signer.ts";
import type { NamedKey } from "../../keys.ts";
import { type Finding, fact } from "../finding.ts";
import { altered } from "../judgement.ts";
import type { Context, Recogniser, Specimen } from "../specimen.ts";
import { type Purpose, purposesOf } from "./own-bindings.ts";
import { keyIdIn, ownRings } from "./own-rings.ts";

const FORM = /^A[g-v][\w-]{6}\.([\w-]*)\.[\w-]{43}$/;

/** What is signed by this library, and readable by everybody. */
export const ownSigned: Recogniser = (specimen, context) => {
  const [, payload] = FORM.exec(specimen.text) ?? [];
  if (payload === undefined) return undefined;
  const json = parse(decodedUtf8(Buffer.from(payload, "base64url")) ?? "");
  const found = verifiedWith(specimen, context);
  const isFramed = found?.purpose.kind === "own" || (found === undefined && isFrame(json));
  const [value, setAt] = isFramed && isFrame(json) ? json : [json as JsonValue | undefined];
  return {
    format: "sojourn-signed",
    title: `Signed by sojourn${found === undefined ? "" : `: ${found.purpose.text}`}`,
    ...judgedBy(found, specimen, context),
    issuedAt: setAt,
    facts: [
      ...fact("key", found?.key.place),
      { name: "signature", value: "HMAC-SHA256, bound to its purpose" },
      { name: "key id", value: keyIdIn(specimen.text) },
    ],
    data: value,
  };
};

interface Verified {
  readonly key: NamedKey;
  readonly purpose: Purpose;
}

function verifiedWith(specimen: Specimen, context: Context): Verified | undefined {
  for (const [key, ring] of ownRings(context.keys)) {
    const signer = new Signer(ring);
    const purpose = purposesOf("signed", specimen, context).find(
      ({ binding }) => signer.verify(specimen.text, binding).kind === "opened",
    );
    if (purpose !== undefined) return { key, purpose };
  }
  return undefined;
}

function judgedBy(
  found: Verified | undefined,
  { name }: Specimen,
  { keys, purpose }: Context,
): Pick<Finding, "verdict" | "summary" | "remarks"> {
  if (found !== undefined) {
    return { verdict: "genuine", summary: "the signature is good", remarks: [] };
  }
  if (keys.length === 0) {
    const summary = "the signature is not checked: no key given";
    return { verdict: "unchecked", summary, remarks: [] };
  }
  const judgement = altered(keys.length);
  if (name !== undefined || purpose !== undefined) return judgement;
  const remarks = ["It is bound to a name or a purpose: pass name=value, or --purpose."];
  return { verdict: "unchecked", summary: "the signature cannot be checked", remarks };
}

/** A cookie's value and the time when it was set. */
function isFrame(json: unknown): json is readonly [JsonValue, number] {
  return Array.isArray(json) && json.length === 2 && typeof json[1] === "number";
}
