// Comes: `connect.sid=s:<sid>.<signature>`. Goes: the same, with a record in any connect store, or ours.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { cookieValues } from "../../../src/cookies/cookie-header.ts";
import {
  cookieAttributes,
  expireCookie,
  serializeCookie,
} from "../../../src/cookies/set-cookie.ts";
import type { EpochMs, SessionRecord } from "../../../src/core/record.ts";
import type { StoreProfile } from "../../../src/core/store.ts";
import { type KeyCookie, KeyedCarrier } from "./support/keyed-passage.ts";
import type { Format, KeyedRows } from "./support/keyed-records.ts";

/** The four methods that each store of express-session has. */
export interface ConnectStore {
  get(sid: string, callback: (error: unknown, session?: object | null) => void): void;
  set(sid: string, session: object, callback: (error?: unknown) => void): void;
  destroy(sid: string, callback: (error?: unknown) => void): void;
}

/** What express-session is given. */
export interface DropInOptions {
  readonly secret: string;
  readonly store?: ConnectStore | undefined;
  readonly now: () => EpochMs;
}

const NAME = "connect.sid";
const ATTRIBUTES = cookieAttributes({
  domain: undefined,
  path: "/",
  secure: true,
  httpOnly: true,
  sameSite: undefined,
  partitioned: false,
  priority: undefined,
  maxAgeMs: undefined,
});
const PROFILE: StoreProfile = {
  scope: "network",
  durability: "process",
  readYourWrites: "always",
  eviction: "any",
  caveats: ["A connect store compares nothing: of two writes at once one may be lost."],
};

/** The carrier of an application that keeps its cookies and its connect store. */
export function dropInCarrier({ secret, store, now }: DropInOptions): KeyedCarrier {
  const rows = store && rowsOf(store);
  return new KeyedCarrier({ name: "express", cookie: cookieOf(secret, now), format: FORMAT, rows });
}

function cookieOf(secret: string, now: () => EpochMs): KeyCookie {
  const signed = (sid: string): string => {
    const mac = createHmac("sha256", secret).update(sid).digest("base64");
    return `s:${sid}.${mac.replace(/=+$/, "")}`;
  };
  return {
    read: ({ request }) => {
      const values = cookieValues(request.header("cookie") ?? "", NAME);
      const keys = values.flatMap((value) => {
        const given = decoded(value);
        const sid = given.slice(2, given.lastIndexOf("."));
        return isSame(given, signed(sid)) ? [sid] : [];
      });
      return { keys, rejected: keys.length < values.length ? ["altered"] : [] };
    },
    send: ({ reply }, sid, maxAgeMs) => {
      const lifetime = maxAgeMs === undefined ? undefined : { maxAgeMs, now: now() };
      const value = encodeURIComponent(signed(sid));
      reply.addCookie(serializeCookie(NAME, value, ATTRIBUTES, lifetime));
    },
    expire: ({ reply }) => reply.addCookie(expireCookie(NAME, ATTRIBUTES)),
    newKey: () => randomBytes(24).toString("base64url"),
  };
}

function rowsOf(store: ConnectStore): KeyedRows {
  const rows: KeyedRows = {
    profile: PROFILE,
    read: async (sid) => {
      const session = await new Promise<object | null | undefined>((resolve, reject) =>
        store.get(sid, (error, found) => (error ? reject(error) : resolve(found))),
      );
      return session ? { text: JSON.stringify(session), endsAt: endOfCookie(session) } : undefined;
    },
    swap: async (sid, before, after, call) => {
      const found = await rows.read(sid, call);
      if (found?.text !== before) return false;
      await new Promise<void>((resolve, reject) => {
        const done = (error?: unknown): void => (error ? reject(error) : resolve());
        if (after === undefined) store.destroy(sid, done);
        else store.set(sid, JSON.parse(after.text), done);
      });
      return true;
    },
  };
  return rows;
}

const FORMAT: Format = {
  read: (text, now) => {
    const { cookie, ...values } = JSON.parse(text);
    const persistent = cookie?.originalMaxAge != null;
    // Passport's place for it; express-session itself knows no users.
    const userId = values.passport?.user;
    return { data: JSON.stringify(values), userId, persistent, createdAt: now, lastSeenAt: now };
  },
  write: (record) => JSON.stringify({ cookie: cookieIn(record), ...JSON.parse(record.data) }),
};

declare function cookieIn(record: SessionRecord): object;
declare function endOfCookie(session: object): EpochMs;
declare function decoded(value: string): string;

function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
