import type { RandomBytes } from "../../core/token.ts";
import type { KeyCookie } from "../foreign/foreign-sessions.ts";
import { unquotedCookieValue } from "../python/cookie-quoting.ts";
import { SIGNED_REJECTIONS } from "./signed-rejections.ts";
import type { TornadoSigning } from "./signing-options.ts";

/** The cookie of pycket: the text of a UUID, signed. */
export function sessionIdCookie(name: string, signing: TornadoSigning): KeyCookie {
  const { signer, minVersion, maxAgeDays } = signing;
  return {
    read: (value, now) => {
      const bounds = { now, minVersion, maxAgeDays };
      const reading = signer.read(name, unquotedCookieValue(value), bounds);
      if (!reading.ok) return SIGNED_REJECTIONS[reading.reason];
      const key = reading.value.toString("latin1");
      return UUID.test(key) ? { key } : "malformed";
    },
    write: (key, now) => signer.write(name, key, now),
    draw: uuid4,
  };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The text of a random UUID (RFC 9562 §5.4), as `str(uuid4())`. */
function uuid4(random: RandomBytes): string {
  const bytes = Buffer.from(random(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
