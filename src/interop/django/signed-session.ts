import { payloadOf } from "../python/itsdangerous/payload.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import type { PyRefusal } from "../python/refusal.ts";
import type { EpochMs, TimeBounds } from "../python/time-bounds.ts";
import type { PyDict } from "../python/values.ts";
import { payloadSession } from "./django-json.ts";
import type { DjangoSigner, DjangoUnsigned } from "./django-signer.ts";

/** What reading a session of Django's comes to. */
export type DjangoReading =
  | {
      readonly ok: true;
      readonly session: PyDict;
      /** To the second; the form of Django 2.2 says nothing of it. */
      readonly issuedAt: EpochMs | undefined;
      /** Whether it is of the key and the form in which sessions are written now. */
      readonly isCurrent: boolean;
    }
  | (DjangoUnsigned & { readonly ok: false })
  /** Signed with the project's own key; Django itself would answer it with an error. */
  | { readonly ok: false; readonly reason: "corrupt" | "tooLarge" };

/** What writing a session for Django comes to. */
export type DjangoWriting =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly refusal: PyRefusal };

/** Reads what Django's `signing.dumps` made of a session. */
export function readSigned(signer: DjangoSigner, text: string, bounds: TimeBounds): DjangoReading {
  const unsigned = signer.unsign(text, bounds);
  if (!unsigned.ok) return unsigned;
  const { issuedAt, isCurrent } = unsigned;
  const session = payloadSession(unsigned.value);
  if (typeof session === "string") return { ok: false, reason: session };
  return { ok: true, session, issuedAt, isCurrent };
}

/** Writes a session as Django's `signing.dumps`, packed where that is shorter. */
export function writeSigned(signer: DjangoSigner, session: PyDict, now: EpochMs): DjangoWriting {
  const json = writePyJson(session);
  return json.ok ? { ok: true, text: signer.sign(payloadOf(json.text), now) } : json;
}
