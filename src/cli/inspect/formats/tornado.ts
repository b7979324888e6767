import { decodedBase64 } from "../../../interop/python/base64url.ts";
import { decodedUtf8 } from "../../../interop/python/utf8.ts";
import { TornadoSigner } from "../../../interop/tornado/tornado-signer.ts";
import { shortened } from "../../printable.ts";
import { type Finding, fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { readWithKeys } from "../read-with-keys.ts";
import type { Context, Recogniser } from "../specimen.ts";

const LIFETIME_MS: number = 31 * 86_400_000;
const VERSION_1 = /^([A-Za-z0-9+/]*={0,2})\|([1-9]\d{0,11})\|([0-9a-f]{1,80})$/;
const VERSION_2 =
  /^2\|\d+:(\d+)\|\d+:([1-9]\d{0,11})\|\d+:([^;]{0,256}?)\|\d+:([A-Za-z0-9+/]*={0,2})\|([0-9a-f]{1,128})$/;

/** Tornado's signed values of both versions, and the id of pycket that is one. */
export const tornado: Recogniser = (specimen, context) => {
  const parts = partsOf(specimen.text);
  if (parts === undefined) return undefined;
  const name = specimen.name ?? parts.name;
  const issuedAt = 1_000 * parts.seconds;
  const lifetimeMs = context.lifetimeMs ?? LIFETIME_MS;
  const isPycket = name === "PYCKET_ID";
  const judgement = judgedBy(specimen.text, name, { ...context, lifetimeMs });
  const value = Buffer.from(parts.base64, "base64");
  return {
    format: isPycket ? "pycket" : `tornado-v${parts.version}`,
    title: isPycket ? "pycket's id, a signed value of Tornado's" : "Tornado signed value",
    ...judgement,
    issuedAt,
    expiresAt: issuedAt + lifetimeMs,
    expiryRule: context.lifetimeMs === undefined ? "max_age_days, 31 unless set" : "--lifetime",
    facts: [
      ...judgement.facts,
      { name: "form", value: formText(parts) },
      ...fact("named", name && shortened(name, 60)),
      { name: "made by", value: MAKERS[parts.version] },
      ...(isPycket
        ? [{ name: "stored", value: "in Redis or Memcached under the bare id, as a pickle" }]
        : []),
    ],
    data: isPycket ? undefined : (decodedUtf8(value) ?? { $bytes: parts.base64 }),
  };
};

interface Parts {
  readonly version: 1 | 2;
  readonly keyVersion?: string;
  readonly seconds: number;
  readonly name?: string;
  readonly base64: string;
}

const MAKERS: Readonly<Record<1 | 2, string>> = {
  1: "Tornado before 3.2; later ones read it unless min_version is 2",
  2: "Tornado 3.2 or later",
};

function partsOf(text: string): Parts | undefined {
  const second = VERSION_2.exec(text);
  if (second !== null) {
    const [, keyVersion = "", seconds = "", name = "", base64 = ""] = second;
    return { version: 2, keyVersion, seconds: Number(seconds), name, base64 };
  }
  const [whole, base64 = "", seconds = ""] = VERSION_1.exec(text) ?? [];
  // The head of name=value may pass for base64, but not for a canonical one.
  if (whole === undefined || decodedBase64(base64) === undefined) return undefined;
  return { version: 1, seconds: Number(seconds), base64 };
}

function formText({ version, keyVersion }: Parts): string {
  return version === 1
    ? "version 1, HMAC-SHA1"
    : `version 2, HMAC-SHA256, key version ${keyVersion ?? "0"}`;
}

/** Version 1 does not say the cookie's name, and signs it. */
function judgedBy(
  text: string,
  name: string | undefined,
  context: Context & { readonly lifetimeMs: number },
): Pick<Finding, "verdict" | "summary" | "remarks" | "facts"> {
  if (name === undefined) {
    const summary = "the signature cannot be checked without the cookie's name";
    return { verdict: "unchecked", summary, remarks: ["Pass name=value."], facts: [] };
  }
  const bounds = { now: context.now, maxAgeDays: context.lifetimeMs / 86_400_000 };
  const keyed = readWithKeys(context.keys, (key) =>
    new TornadoSigner(key).read(name, text, bounds),
  );
  const judgement = judged(context, keyed, { framework: "Tornado" });
  return { ...judgement, facts: fact("key", keyed?.keyText) };
}
