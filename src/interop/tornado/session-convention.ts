import type { FlashEntry } from "../../core/commit/edit.ts";
import type { Convention } from "../foreign/foreign-sessions.ts";
import type { PyValue } from "../python/values.ts";
import { storedUser, userIn } from "./user-key.ts";

/** Where a session keeps its messages, and how. */
export interface Messages {
  readonly key: string;
  read(stored: PyValue | undefined): readonly FlashEntry[];
  /** What is to be stored; `undefined` for nothing. */
  write(flash: readonly FlashEntry[], before: PyValue | undefined): PyValue | undefined;
}

/** What the keys of a session mean to whoever wrote the application: Tornado knows none. */
export interface TornadoWays {
  readonly userKey: string;
  readonly messages: Messages;
  readonly lifetimeMs: number;
  /** Whether browsers keep the cookie when they are closed. */
  readonly persistent: boolean;
}

/** The meaning of the keys of a session under Tornado. */
export function sessionConvention(ways: TornadoWays): Convention {
  const { userKey, messages, lifetimeMs, persistent } = ways;
  return {
    keys: new Set([userKey, messages.key]),
    read: (document) => ({
      userId: userIn(document.get(userKey)),
      persistent,
      flash: messages.read(document.get(messages.key)),
      lifetimeMs,
    }),
    write: ({ userId, flash }, before) =>
      new Map<string, PyValue | undefined>([
        [userKey, storedUser(userId, before.get(userKey))],
        [messages.key, messages.write(flash, before.get(messages.key))],
      ]),
  };
}
