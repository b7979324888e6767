import type { Adoptable } from "../../cookies/mount.ts";
import { asObject, type JsonObject, parse, parseObject } from "../../core/json.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import { adoptable } from "../adoption/adoptable.ts";
import { type AdoptionWords, adoptionFrom } from "../adoption/adoption-words.ts";
import type { ForeignDocument, Unread } from "../foreign/foreign-sessions.ts";
import { requiredText } from "../foreign/text-options.ts";
import { cookieText } from "../javascript/cookie-text.ts";
import { CORRUPT, type LeftInStore, leftBehind, leftDocument } from "../javascript/left-behind.ts";
import { neededSecret, requirePassword, withMethods } from "../javascript/library-options.ts";
import { valueIn } from "../javascript/seal-document.ts";
import { timeIn } from "../javascript/values.ts";

/** A store of hono-sessions, by what is asked of it. */
export interface HonoSessionsStore {
  getSessionById(id?: string): unknown;
  deleteSession(id: string): unknown;
}

/** How the sessions that hono-sessions has left go on here, in the words of its options. */
export interface HonoSessionsCookieOptions<D extends object> extends AdoptionWords<D> {
  /** `encryptionKey`; left out where ids were not encrypted: then `adoptionSecret` is needed. */
  readonly encryptionKey?: string | undefined;
  /** `store`; left out for its `CookieStore`, where each session is whole in its cookie. */
  readonly store?: HonoSessionsStore | undefined;
  /**
   * `sessionCookieName`, with the `__Host-` or `__Secure-` of `cookieOptions.prefix` before it.
   *
   * @defaultValue `"session"`
   */
  readonly sessionCookieName?: string | undefined;
}

/**
 * Takes over the sessions of hono-sessions, from its store or its own cookie: one of the list `adopt`
 * of `createSessions`. It does not say who is signed in, so `map` does; what was flashed comes along.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { honoSessionsCookie } from "sojourn/adopt";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions<{ theme?: string }>({
 *   name: "sid",
 *   store: sqliteStore("sessions.db"),
 *   adopt: [
 *     honoSessionsCookie<{ theme?: string }>({
 *       encryptionKey: process.env["SESSION_KEY"] ?? "",
 *       map: ({ values: { userId, theme } }) => ({
 *         data: { theme: String(theme) },
 *         userId: userId === undefined ? undefined : String(userId),
 *       }),
 *     }),
 *   ],
 * });
 */
export function honoSessionsCookie<D extends object = Record<string, unknown>>(
  options: HonoSessionsCookieOptions<D>,
): Adoptable {
  const group = "honoSessionsCookie";
  const [words, settings] = adoptionFrom(group, options);
  requireKnownKeys(group, settings, ["encryptionKey", "store", "sessionCookieName"], ADVICE);
  const { encryptionKey, store, sessionCookieName = "session" } = settings;
  const option = `${group}.encryptionKey`;
  if (encryptionKey !== undefined || store === undefined) requirePassword(option, encryptionKey);
  const sealing = new Sealing(encryptionKey);
  const sessions = leftBehind({
    library: "hono-sessions",
    cookieName: requiredText(`${group}.sessionCookieName`, sessionCookieName),
    read: (text, now) =>
      store === undefined ? sealing.sessionIn(text, now) : documentIn(parseObject(text), undefined),
    kept: store && keptIn(withMethods(`${group}.store`, store, STORE), sealing),
  });
  const secret = words.secret ?? neededSecret(group, encryptionKey);
  return adoptable(sessions, { ...words, secret });
}

const STORE = ["getSessionById", "deleteSession"] as const;

const ADVICE: Readonly<Record<string, string>> = {
  cookieOptions: "Write sessionCookiePlace for its domain and path.",
  expireAfterSeconds: "Leave it out: each session says when it expires.",
};

/** As `crypto.randomUUID` draws them, which makes all ids. */
const ID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

function keptIn(store: HonoSessionsStore, sealing: Sealing): LeftInStore {
  return {
    keyIn: (value, now) => {
      const id = sealing.textIn(value, now);
      if (typeof id !== "string") return id.rejection;
      return ID.test(id) ? { key: id } : "malformed";
    },
    find: async (id) => store.getSessionById(id),
    end: async (id) => store.deleteSession(id),
  };
}

/** How the cookie holds an id or a session: in a seal, or an id as it is. */
class Sealing {
  readonly #keys: Parameters<typeof valueIn>[1] | undefined;

  constructor(password: string | undefined) {
    if (password === undefined) return;
    this.#keys = { passwordsFor: (id) => (id === "" ? [password] : []), iterations: [1] };
  }

  textIn(value: string, now: number): string | Unread {
    if (this.#keys === undefined) return cookieText(value) ?? "";
    const sealed = valueIn(value, this.#keys, now);
    if ("rejection" in sealed) return sealed;
    return typeof sealed.value === "string" ? sealed.value : CORRUPT;
  }

  sessionIn(value: string, now: number): ForeignDocument | Unread {
    const text = this.textIn(value, now);
    if (typeof text !== "string") return text;
    // What is left of one that was deleted.
    if (text === "") return { rejection: "ended", why: "it was deleted." };
    const [, , salt] = (cookieText(value) ?? "").split("*");
    return documentIn(asObject(parse(text)), salt);
  }
}

function documentIn(
  session: JsonObject | undefined,
  identity: string | undefined,
): ForeignDocument | Unread {
  const entries = asObject(session?.["_data"]);
  if (session === undefined || entries === undefined) return CORRUPT;
  if (session["_delete"] === true) return { rejection: "ended", why: "it was deleted." };
  const known = Object.entries(entries).flatMap(([key, entry]) => {
    const { value = null, flash = false } = asObject(entry) ?? {};
    return [{ key, value, isFlash: flash === true }];
  });
  const kept = known
    .filter(({ isFlash }) => !isFlash)
    .map(({ key, value }) => [key, value] as const);
  const flashed = known.filter(({ isFlash }) => isFlash);
  const { _expire: end, _accessed: at } = session;
  return leftDocument({
    values: Object.fromEntries(kept),
    persistent: false,
    flash: flashed.map(({ key, value }) => [key, key, value]),
    endsAt: timeIn(end),
    writtenAt: timeIn(at),
    identity,
  });
}
