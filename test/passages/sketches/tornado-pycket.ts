// Comes: `PYCKET_ID`, a signed value of Tornado's that holds a UUID. Goes: the same, with pycket's pickle in Redis.
import { randomUUID } from "node:crypto";
import { cookieValues } from "../../../src/cookies/cookie-header.ts";
import {
  cookieAttributes,
  expireCookie,
  serializeCookie,
} from "../../../src/cookies/set-cookie.ts";
import type { EpochMs } from "../../../src/core/record.ts";
import { pickled, unpickled } from "./flask-session.ts";
import { type KeyCookie, KeyedCarrier } from "./support/keyed-passage.ts";
import type { Format, KeyedRows } from "./support/keyed-records.ts";

const NAME = "PYCKET_ID";
const ATTRIBUTES = cookieAttributes({
  domain: undefined,
  path: "/",
  secure: true,
  httpOnly: true,
  sameSite: "lax",
  partitioned: false,
  priority: undefined,
  maxAgeMs: undefined,
});

/** The carrier of sessions that pycket keeps for Tornado. */
export function pycketCarrier(secret: string, rows: KeyedRows, now: () => EpochMs): KeyedCarrier {
  return new KeyedCarrier({ name: "pycket", cookie: cookieOf(secret, now), format: FORMAT, rows });
}

function cookieOf(secret: string, now: () => EpochMs): KeyCookie {
  return {
    read: ({ request }) => {
      const values = cookieValues(request.header("cookie") ?? "", NAME);
      const keys = values.flatMap((value) => tornadoValue(secret, NAME, value, now()) ?? []);
      return { keys, rejected: keys.length < values.length ? ["altered"] : [] };
    },
    send: ({ reply }, key, maxAgeMs) => {
      const lifetime = maxAgeMs === undefined ? undefined : { maxAgeMs, now: now() };
      const value = tornadoSigned(secret, NAME, key, now());
      reply.addCookie(serializeCookie(NAME, value, ATTRIBUTES, lifetime));
    },
    expire: ({ reply }) => reply.addCookie(expireCookie(NAME, ATTRIBUTES)),
    newKey: randomUUID,
  };
}

const FORMAT: Format = {
  read: (text, now) => {
    const values = unpickled(text);
    // pycket knows no users: the application has a key of its own for that.
    const data = values && JSON.stringify(values);
    return data === undefined
      ? undefined
      : { data, userId: undefined, persistent: false, createdAt: now, lastSeenAt: now };
  },
  write: ({ data }) => pickled(JSON.parse(data)),
};

/** The value within `2|1:0|10:…|…|signature`; `undefined` where that is not believed. */
declare function tornadoValue(
  secret: string,
  name: string,
  signed: string,
  now: EpochMs,
): string | undefined;
declare function tornadoSigned(secret: string, name: string, value: string, now: EpochMs): string;
