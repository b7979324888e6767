import type { Convention, Keyed, Said, ToSay } from "../foreign/foreign-sessions.ts";
import type { UserKey } from "../foreign/user-key.ts";
import type { PyDict, PyValue } from "../python/values.ts";
import { flashesIn, storedFlashes } from "./flashes.ts";
import { LOGIN_KEY, LOGIN_KEYS, loginIdentifier } from "./flask-login.ts";

const PERMANENT = "_permanent";
const FLASHES = "_flashes";

/** What differs among the applications that keep sessions as Flask does. */
export interface FlaskWays {
  readonly user: UserKey;
  readonly lifetimeMs: number;
  /** What is said of a new session. */
  readonly usually: "permanent" | "untilClosed";
  /** When a session is renewed, permanent or not. */
  renewal(permanence: "permanent" | "untilClosed"): NonNullable<Said["renewal"]>;
}

/** The keys of Flask's sessions, and what Flask-Login adds. */
export function flaskConvention(ways: FlaskWays): Convention {
  const userKey = ways.user.key;
  const beside = userKey === LOGIN_KEY ? LOGIN_KEYS : [];
  return {
    keys: new Set([userKey, PERMANENT, FLASHES, ...beside]),
    read: (document) => said(document, ways),
    write: (toSay, before) =>
      new Map<string, PyValue | undefined>([
        ...permanence(toSay, before, ways),
        [FLASHES, storedFlashes(toSay.flash, before.get(FLASHES))],
        [userKey, ways.user.stored(toSay.userId, before)],
        ...(userKey === LOGIN_KEY && toSay.isSignIn ? loginWords(toSay) : []),
      ]),
  };
}

function said(document: Keyed, ways: FlaskWays): Said {
  const permanent = document.get(PERMANENT);
  const isKept = Boolean(permanent);
  return {
    userId: ways.user.read(document),
    persistent: isKept,
    flash: flashesIn(document.get(FLASHES)),
    lifetimeMs: ways.lifetimeMs,
    renewal: ways.renewal(isKept ? "permanent" : "untilClosed"),
  };
}

function permanence(
  { persistent }: ToSay,
  before: PyDict,
  { usually }: FlaskWays,
): [string, PyValue | undefined][] {
  const isNew = before.get(PERMANENT) === undefined;
  if (persistent !== undefined) return [[PERMANENT, persistent || (isNew ? undefined : false)]];
  return isNew && before.entries.length === 0 && usually === "permanent" ? [[PERMANENT, true]] : [];
}

/** What `login_user` says of a sign-in: it is fresh, and this is who came. */
function loginWords({ request }: ToSay): [string, PyValue | undefined][] {
  return [
    ["_fresh", true],
    ["_id", loginIdentifier(request)],
  ];
}
