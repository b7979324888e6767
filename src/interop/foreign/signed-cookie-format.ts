import { CodecError } from "../../core/errors.ts";
import type { Rejection } from "../../core/events.ts";
import type { EpochMs } from "../../core/record.ts";
import type { PyRefusal } from "../python/refusal.ts";
import type { PyDict } from "../python/values.ts";
import type { ForeignDocument, Format } from "./foreign-sessions.ts";

/** Reads and writes cookies that are signed, and say when. */
export interface SignedCookies {
  open(
    cookie: string,
    now: EpochMs,
  ): { readonly ok: true; readonly document: ForeignDocument } | Unsound;
  write(
    session: PyDict,
    now: EpochMs,
  ):
    | { readonly ok: true; readonly cookie: string }
    | { readonly ok: false; readonly refusal: PyRefusal };
}

interface Unsound {
  readonly ok: false;
  readonly reason: "malformed" | "altered" | "expired" | "future" | "corrupt" | "tooLarge";
}

/** Signed cookies as the text of a session. */
export function signedCookieFormat(framework: string, cookies: SignedCookies): Format {
  return {
    read: (bytes, now) => {
      const opening = cookies.open(latin1Of(bytes), now);
      if (opening.ok) return opening.document;
      return { rejection: REJECTIONS[opening.reason], why: WHY };
    },
    write: (document, now) => {
      const writing = cookies.write(document, now);
      if (writing.ok) return Buffer.from(writing.cookie, "latin1");
      const { path, kind } = writing.refusal;
      throw new CodecError(path, `${framework}'s cookies cannot hold it (${kind}).`);
    },
  };
}

function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

const WHY = "it is signed with the application's key, and holds what the framework does not write.";

/** A time that has not come yet is refused by Python as one that is over. */
const REJECTIONS: Readonly<Record<Unsound["reason"], Rejection>> = {
  malformed: "malformed",
  altered: "altered",
  expired: "expired",
  future: "expired",
  corrupt: "corrupt",
  tooLarge: "corrupt",
};
