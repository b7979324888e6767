import { readBase62 } from "../../../interop/django/base62.ts";
import { payloadSession } from "../../../interop/django/django-json.ts";
import { DjangoSessionData } from "../../../interop/django/django-session-data.ts";
import { DjangoSignedCookies } from "../../../interop/django/django-signed-cookies.ts";
import type { DjangoReading } from "../../../interop/django/signed-session.ts";
import { type Finding, fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { type ReadSession, sessionRead } from "../python-session.ts";
import { type KeyedReading, readWithKeys } from "../read-with-keys.ts";
import type { Context, Recogniser } from "../specimen.ts";
import { expiryFacts } from "./django-expiry.ts";
import { digestName } from "./timed-parts.ts";

const COOKIE_AGE_MS: number = 14 * 86_400_000;
const FORM = /^(\.?[\w-]+):([0-9A-Za-z]{1,9}):([\w-]{1,90}=?)$/;

/** What Django signs of a session: the cookie of `signed_cookies`, or `session_data`. */
export const django: Recogniser = ({ name, text }, context) => {
  const [, payload = "", time = "", signature = ""] = FORM.exec(text) ?? [];
  const seconds = readBase62(time);
  if (seconds === undefined) return undefined;
  const issuedAt = 1_000 * seconds;
  const { keyed, form } = checked(text, context);
  const { session, fault } = insideOf(payload);
  const isCookie = form === "cookie" || (form === undefined && name !== undefined);
  const expiry = isCookie ? cookieExpiry(issuedAt, context) : {};
  const judgement = judged(context, keyed, { framework: "Django", fault, ...expiry });
  return {
    format: form === "data" ? "django-session-data" : "django",
    title: TITLES[form ?? (isCookie ? "cookie" : "either")],
    ...judgement,
    issuedAt,
    ...expiry,
    facts: [
      ...(session?.facts ?? []),
      ...fact("key", keyed?.keyText),
      { name: "signature", value: `${digestName(signature)}${saltText(form)}` },
      { name: "payload", value: payload.startsWith(".") ? "compressed with zlib" : "plain base64" },
      { name: "made by", value: makerText(signature) },
    ],
    remarks: [...judgement.remarks, ...salts(context, keyed), ...(session?.remarks ?? [])],
    data: session?.data,
  };
};

interface Inside {
  readonly session?: ReadSession;
  readonly fault?: "corrupt" | "tooLarge";
}

function insideOf(payload: string): Inside {
  const inside = payloadSession(payload);
  if (typeof inside === "string") return { fault: inside };
  const session = sessionRead(inside);
  return { session: { ...session, facts: [...session.facts, ...expiryFacts(inside)] } };
}

type Form = "cookie" | "data";

const TITLES: Readonly<Record<Form | "either", string>> = {
  cookie: "Django session cookie (signed_cookies)",
  data: "Django session_data",
  either: "Django session, signed",
};

/** The salt tells a cookie from what lies in a table, and only a key tells the salt. */
function checked(text: string, context: Context): Checked {
  const maxAge = (context.lifetimeMs ?? COOKIE_AGE_MS) / 1_000;
  const cookie = readWithKeys(context.keys, (secretKey) =>
    new DjangoSignedCookies({ secretKey, version: "3.1" }).read(text, { now: context.now, maxAge }),
  );
  if (cookie !== undefined) return { keyed: cookie, form: "cookie" };
  const data = readWithKeys(context.keys, (secretKey) =>
    new DjangoSessionData({ secretKey, version: "3.1" }).read(text),
  );
  return { keyed: data, form: data === undefined ? undefined : "data" };
}

interface Checked {
  readonly keyed: KeyedReading<DjangoReading> | undefined;
  readonly form: Form | undefined;
}

function cookieExpiry(issuedAt: number, { lifetimeMs }: Context): Partial<Finding> {
  return {
    expiresAt: issuedAt + (lifetimeMs ?? COOKIE_AGE_MS),
    expiryRule: lifetimeMs === undefined ? "SESSION_COOKIE_AGE, 14 days unless set" : "--lifetime",
  };
}

function saltText(form: Form | undefined): string {
  if (form === undefined) return "";
  const salt = form === "cookie" ? "backends.signed_cookies" : "SessionStore";
  return ` with the salt "django.contrib.sessions.${salt}"`;
}

function salts({ keys }: Context, keyed: unknown): readonly string[] {
  return keyed === undefined && keys.length > 0
    ? ["A session store of the project's own class has a salt of its own, which is not tried."]
    : [];
}

function makerText(signature: string): string {
  return signature.length === 27
    ? 'Django before 3.1, or 3.1 and 3.2 with DEFAULT_HASHING_ALGORITHM "sha1"; 4.0 refuses it'
    : "Django 3.1 or later";
}
