import { type JsonValue, parse } from "../../../core/json.ts";
import { openedToken, tokenKeys } from "../../../interop/javascript/encrypted-jwt.ts";
import { unsealed } from "../../../interop/javascript/iron-seal.ts";
import { isSigned } from "../../../interop/javascript/signed-text.ts";
import { type Finding, fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { type KeyedReading, readWithKeys } from "../read-with-keys.ts";
import type { Context, Recogniser, Specimen } from "../specimen.ts";

/** What the session libraries of JavaScript's leave in cookies. Without a key it is told elsewhere. */
export const javascriptSessions: Recogniser = (specimen, context) =>
  context.keys.length === 0
    ? undefined
    : (expressId(specimen, context) ??
      ironSeal(specimen, context) ??
      authJsToken(specimen, context));

const EXPRESS_ID = /^s:([\w-]{8,128})\.([A-Za-z0-9+/]{43})$/;

/** The id of express-session, signed; `@fastify/session` may be told to write the same. */
function expressId({ text }: Specimen, context: Context): Finding | undefined {
  const [, id, signature = ""] = EXPRESS_ID.exec(text) ?? [];
  if (id === undefined) return undefined;
  const keyed = readWithKeys(context.keys, (secret) => {
    const signing = { secrets: [secret], algorithm: "sha256", encoding: "unpadded" } as const;
    return isSigned(id, signature, signing) ? { ok: true } : { ok: false, reason: "altered" };
  });
  return {
    format: "express-session",
    title: "express-session's id, signed",
    ...judged(context, keyed, { framework: "express-session" }),
    facts: [
      ...fact("key", keyed?.keyText),
      { name: "signature", value: "HMAC-SHA256" },
      { name: "stored", value: "under the store's prefix (connect-redis: sess:) and the id" },
    ],
    remarks: [],
  };
}

const SEAL = /^Fe26\.2\*\w*\*[\da-f]{64}\*[\w-]{22}\*[\w-]+\*\d*\*[\da-f]{64}\*[\w-]{43}(?:~\d+)?$/;

/** A seal of Iron's: iron-session, h3 and so Nuxt, hono-sessions. */
function ironSeal({ text }: Specimen, context: Context): Finding | undefined {
  if (!SEAL.test(text)) return undefined;
  const [seal = "", version] = text.split("~", 2);
  const [, id = ""] = seal.split("*", 2);
  const keyed = readWithKeys(context.keys, (secret) => {
    const passwordsFor = () => (typeof secret === "string" ? [secret] : []);
    return unsealed(seal, { passwordsFor, iterations: [1, 8_192] }, context.now);
  });
  const opened = keyed?.reading.ok === true ? keyed.reading : undefined;
  return {
    format: "iron-session",
    title: "Seal of Iron's: of iron-session, h3, Nuxt or hono-sessions",
    ...opening(context, keyed, "Iron"),
    expiresAt: opened?.expiresAt,
    facts: [
      ...fact("key", keyed?.keyText),
      ...fact("password", id === "" ? undefined : `the one with the number ${id}`),
      ...fact("made by", version === undefined ? undefined : "iron-session"),
      { name: "encryption", value: "AES-256-CBC and HMAC-SHA256, keys by PBKDF2" },
    ],
    data: opened && (parse(opened.text) as JsonValue | undefined),
  };
}

const TOKEN = /^eyJ[\w-]{20,1000}\.\.[\w-]{16,22}\.[\w-]+\.[\w-]{22,43}$/;
const USUAL_NAME = "__Secure-authjs.session-token";

/** An encrypted JWT of Auth.js's. */
function authJsToken({ name, text }: Specimen, context: Context): Finding | undefined {
  if (!TOKEN.test(text)) return undefined;
  const salt = name ?? USUAL_NAME;
  const keyed = readWithKeys(context.keys, (secret) => {
    const current = tokenKeys([secret], salt, `Auth.js Generated Encryption Key (${salt})`);
    const reading = openedToken(text, current, ["A256CBC-HS512", "A256GCM"]);
    if (reading.ok || reading.reason !== "altered") return reading;
    const earlier = tokenKeys([secret], "", "NextAuth.js Generated Encryption Key");
    return openedToken(text, earlier, ["A256CBC-HS512", "A256GCM"]);
  });
  const claims = keyed?.reading.ok === true ? keyed.reading.claims : undefined;
  const { iat, exp } = claims ?? {};
  return {
    format: "auth-js",
    title: "Encrypted token of Auth.js's",
    ...opening(context, keyed, "Auth.js"),
    issuedAt: typeof iat === "number" ? iat * 1_000 : undefined,
    expiresAt: typeof exp === "number" ? exp * 1_000 : undefined,
    expiryRule: typeof exp === "number" ? "exp" : undefined,
    facts: [
      ...fact("key", keyed?.keyText),
      {
        name: "encryption",
        value: "a JWT under a shared key (dir), which HKDF makes of the secret",
      },
    ],
    data: claims,
  };
}

type Reading = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** As what is signed: who can open it has the key that closed it. */
function opening(
  context: Context,
  keyed: KeyedReading<Reading> | undefined,
  framework: string,
): Pick<Finding, "verdict" | "summary" | "remarks"> {
  const judgement = judged(context, keyed, { framework });
  return judgement.verdict === "genuine" ? { ...judgement, summary: "it opens" } : judgement;
}
