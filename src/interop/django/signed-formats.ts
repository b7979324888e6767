import { CodecError } from "../../core/errors.ts";
import type { ForeignDocument, Format, Unread } from "../foreign/foreign-sessions.ts";
import { DjangoSessionData } from "./django-session-data.ts";
import { DjangoSignedCookies } from "./django-signed-cookies.ts";
import type { DjangoSecrets } from "./django-version.ts";
import type { DjangoReading, DjangoWriting } from "./signed-session.ts";

/** `session_data` of the back ends `db`, `cached_db` and `file`. */
export function sessionDataFormat(secrets: DjangoSecrets): Format {
  const texts = new DjangoSessionData(secrets);
  return {
    read: (bytes) => documentOf(texts.read(textOf(bytes))),
    write: (dict, now) => bytesOf(texts.write(dict, now)),
  };
}

/** The cookies of the back end `signed_cookies`, which live so long after they were written. */
export function signedCookieFormat(secrets: DjangoSecrets, cookieAgeMs: number): Format {
  const cookies = new DjangoSignedCookies(secrets);
  const maxAge = cookieAgeMs / 1_000;
  return {
    read: (bytes, now) => documentOf(cookies.read(textOf(bytes), { now, maxAge })),
    write: (dict, now) => bytesOf(cookies.write(dict, now)),
  };
}

type Fault = (DjangoReading & { readonly ok: false })["reason"];

const WHY: Readonly<Record<Fault, string>> = {
  malformed: "it has not the form of what Django signs",
  altered: "secretKey has not signed it, nor has one of secretKeyFallbacks",
  expired: "it is older than sessionCookieAge",
  corrupt: "it is signed, and no JSON object",
  tooLarge: "it is larger than 1 MB",
};

function documentOf(reading: DjangoReading): ForeignDocument | Unread {
  if (reading.ok) return { dict: reading.session, writtenAt: reading.issuedAt };
  const { reason } = reading;
  return { rejection: reason === "tooLarge" ? "corrupt" : reason, why: WHY[reason] };
}

function bytesOf(writing: DjangoWriting): Uint8Array {
  if (writing.ok) return Buffer.from(writing.text);
  const { path, kind } = writing.refusal;
  throw new CodecError(path, `Django's JSON has no word for Python's ${kind}.`);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
