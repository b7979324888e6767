import { decodedBase64 } from "../../../interop/python/base64url.ts";
import { MAX_PAYLOAD_BYTES } from "../../../interop/python/itsdangerous/payload.ts";
import { readPyJson } from "../../../interop/python/json/read-py-json.ts";
import { decodedUtf8 } from "../../../interop/python/utf8.ts";
import { PyDict } from "../../../interop/python/values.ts";
import { StarletteCookies } from "../../../interop/starlette/starlette-cookies.ts";
import { fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { type ReadSession, sessionRead } from "../python-session.ts";
import { readWithKeys } from "../read-with-keys.ts";
import type { Recogniser } from "../specimen.ts";
import { digestName, timedParts } from "./timed-parts.ts";

const LIFETIME_MS: number = 14 * 86_400_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** The cookie of Starlette's `SessionMiddleware`: as Flask's, over padded base64 of JSON with blanks. */
export const starlette: Recogniser = ({ text }, context) => {
  const parts = timedParts(text);
  if (parts === undefined || !BASE64.test(parts.payload)) return undefined;
  const { payload, issuedAt, signature } = parts;
  const json = documentIn(payload);
  const lifetimeMs = context.lifetimeMs ?? LIFETIME_MS;
  const bounds = { now: context.now, maxAge: Math.floor(lifetimeMs / 1_000) };
  const keyed = readWithKeys(context.keys, (key) => new StarletteCookies(key).read(text, bounds));
  if (keyed === undefined && !isStarlettes(payload, json)) return undefined;
  const session = sessionOf(json);
  const expiresAt = issuedAt + lifetimeMs;
  const fault = session === undefined ? "corrupt" : undefined;
  const judgement = judged(context, keyed, { framework: "Starlette", fault, expiresAt });
  return {
    format: "starlette",
    title: "Starlette session cookie",
    ...judgement,
    issuedAt,
    expiresAt,
    expiryRule: context.lifetimeMs === undefined ? "max_age, 14 days unless set" : "--lifetime",
    facts: [
      ...(session?.facts ?? []),
      ...fact("key", keyed?.keyText),
      { name: "signature", value: `${digestName(signature)} with the salt "itsdangerous.Signer"` },
      { name: "payload", value: `plain base64, ${payload.length} characters` },
      { name: "made by", value: "SessionMiddleware of Starlette, and so of FastAPI" },
    ],
    remarks: [...judgement.remarks, ...(session?.remarks ?? [])],
    data: session?.data,
  };
};

function sessionOf(json: string | undefined): ReadSession | undefined {
  const inside = readPyJson(json ?? "");
  return inside.ok && inside.value instanceof PyDict ? sessionRead(inside.value) : undefined;
}

function documentIn(payload: string): string | undefined {
  const bytes = decodedBase64(payload);
  if (bytes === undefined || bytes.length > MAX_PAYLOAD_BYTES) return undefined;
  return decodedUtf8(bytes);
}

/** Flask pads nothing, and puts no blank after a colon or a comma. */
function isStarlettes(payload: string, json: string | undefined): boolean {
  return /[=+/]/.test(payload) || (json !== undefined && /^\{"[^"]*": /.test(json));
}
