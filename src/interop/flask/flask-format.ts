import { CodecError } from "../../core/errors.ts";
import type { Rejection } from "../../core/events.ts";
import type { Format } from "../foreign/foreign-sessions.ts";
import type { FlaskCookies, FlaskFault } from "./flask-cookies.ts";

/** Flask's cookies as the text of a session. */
export function flaskFormat(cookies: FlaskCookies, lifetimeMs: number): Format {
  const maxAge = lifetimeMs / 1_000;
  return {
    read: (bytes, now) => {
      const reading = cookies.open(latin1Of(bytes), { now, maxAge });
      if (!reading.ok) return { rejection: REJECTIONS[reading.reason], why: WHY };
      return reading.document;
    },
    write: (document, now) => {
      const writing = cookies.write(document, now);
      if (writing.ok) return Buffer.from(writing.cookie, "latin1");
      const { path, kind } = writing.refusal;
      throw new CodecError(path, `Flask's cookies cannot hold it (${kind}).`);
    },
  };
}

function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

const WHY = "it is signed with the application's key, and holds what Flask does not write.";

/** A time that has not come yet is refused by Flask as one that is over. */
const REJECTIONS: Readonly<Record<FlaskFault["reason"], Rejection>> = {
  malformed: "malformed",
  altered: "altered",
  expired: "expired",
  future: "expired",
  corrupt: "corrupt",
  tooLarge: "corrupt",
};
