import { FlaskCookies } from "../../../interop/flask/flask-cookies.ts";
import { untagged } from "../../../interop/flask/untagged.ts";
import { readPayload } from "../../../interop/python/itsdangerous/payload.ts";
import { readPyJson } from "../../../interop/python/json/read-py-json.ts";
import { decodedUtf8 } from "../../../interop/python/utf8.ts";
import { PyDict } from "../../../interop/python/values.ts";
import { fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { sessionRead } from "../python-session.ts";
import { readWithKeys } from "../read-with-keys.ts";
import type { Recogniser } from "../specimen.ts";
import { digestName, timedParts } from "./timed-parts.ts";

const LIFETIME_MS: number = 31 * 86_400_000;
const BASE64URL = /^\.?[\w-]+$/;

/** Flask's session cookie: `payload.time.signature`, the payload JSON or, after a dot, zlib of it. */
export const flask: Recogniser = ({ text }, context) => {
  const parts = timedParts(text);
  if (parts === undefined || !BASE64URL.test(parts.payload)) return undefined;
  const { payload, issuedAt, signature } = parts;
  const lifetimeMs = context.lifetimeMs ?? LIFETIME_MS;
  const bounds = { now: context.now, maxAge: Math.floor(lifetimeMs / 1_000) };
  const keyed = readWithKeys(context.keys, (secretKey) =>
    new FlaskCookies({ secretKey }).read(text, bounds),
  );
  const inside = insideOf(payload);
  const expiresAt = issuedAt + lifetimeMs;
  const judgement = judged(context, keyed, { framework: "Flask", fault: inside.fault, expiresAt });
  const session = inside.session && sessionRead(inside.session);
  return {
    format: "flask",
    title: "Flask session cookie",
    ...judgement,
    issuedAt,
    expiresAt,
    expiryRule: context.lifetimeMs === undefined ? RULE : "--lifetime",
    facts: [
      ...(session?.facts ?? []),
      ...fact("key", keyed?.keyText),
      { name: "signature", value: `${digestName(signature)} with the salt "cookie-session"` },
      { name: "payload", value: payloadText(payload, inside.bytes) },
      { name: "made by", value: makerText(signature) },
    ],
    remarks: [...judgement.remarks, ...orderRemarks(inside.session), ...(session?.remarks ?? [])],
    data: session?.data,
  };
};

const RULE = "PERMANENT_SESSION_LIFETIME, 31 days unless set";

interface Inside {
  readonly session?: PyDict;
  readonly bytes?: number;
  readonly fault?: "corrupt" | "tooLarge";
}

/** What is inside, signed by whomever. */
function insideOf(payload: string): Inside {
  const reading = readPayload(payload);
  if (!reading.ok) return { fault: reading.reason };
  const json = readPyJson(decodedUtf8(reading.bytes) ?? "");
  const value = json.ok ? untagged(json.value) : undefined;
  const bytes = reading.bytes.length;
  return value instanceof PyDict ? { session: value, bytes } : { fault: "corrupt", bytes };
}

function payloadText(payload: string, bytes: number | undefined): string {
  const kind = payload.startsWith(".") ? "compressed with zlib" : "plain base64";
  const inflated = bytes === undefined ? "" : `, ${bytes} bytes of JSON`;
  return `${kind}, ${payload.length} characters${inflated}`;
}

function makerText(signature: string): string {
  if (signature.length === 86)
    return "itsdangerous 1.0.0, the one version that signed with SHA-512";
  return signature.length === 27
    ? "Flask with itsdangerous 1.0 or later"
    : "not Flask as it comes, which signs with SHA-1";
}

/** Flask sorts the keys wherever an application runs. */
function orderRemarks(session: PyDict | undefined): readonly string[] {
  const keys = session?.entries.map(([key]) => String(key)) ?? [];
  const isSorted = keys.every((key, at) => at === 0 || (keys[at - 1] ?? "") <= key);
  return isSorted
    ? []
    : ["Its keys are not sorted: made by a tool, by a test, or with app.json.sort_keys off."];
}
