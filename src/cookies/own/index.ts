import type { JsonValue } from "../../core/json.ts";
import type { Schema } from "../../core/schema.ts";
import type { Sessions } from "../../core/sessions.ts";
import type { StorableItem } from "../../core/storable.ts";
import { keyedCodec, plainCodec } from "./codecs.ts";
import type { KeyedCookieOptions, PlainCookieOptions } from "./options.ts";
import { ownCookie } from "./own-cookie.ts";
import type { OwnCookie } from "./reading.ts";

export type { Key, KeyList, Keys } from "../../sealing/key-ring.ts";
export type {
  KeyedCookieOptions,
  OwnCookieAttributes,
  PlainCookieOptions,
} from "./options.ts";
export type { CookieRefusal, OwnCookie, OwnCookieReading } from "./reading.ts";

/** What `createSessions` returned, whatever its data. */
type Manager = Pick<Sessions<object>, "handle">;

/** Any type where JSON carries the value unchanged; else a sentence that says why it does not. */
type Kept<Value> = [Value] extends [StorableItem<Value>] ? unknown : StorableItem<Value>;

/** As for a session's schema. */
type Settled<Output, Input> = [Output] extends [StorableItem<Output>]
  ? [Output] extends [Input]
    ? unknown
    : "the schema must accept what it returns: let it check values and not transform them"
  : "the schema returns what JSON would change or lose: let it check a text or a number";

/**
 * A cookie that the visitor can read and change: a theme, a language. What is read is one of the
 * `values`, or what the `schema` accepts; without either it is any text.
 *
 * The value stands in it as a text, with percent signs as `encodeURIComponent` writes them.
 *
 * @throws {@link OptionsError} naming the option that is wrong and what to write instead.
 * @example
 * const theme = plainCookie(sessions, {
 *   name: "theme",
 *   values: ["light", "dark"],
 *   maxAge: "400d",
 * });
 * app.get("/", (req, res) => res.send(`<html class="${theme.get(req) ?? "light"}">`));
 * app.post("/dark", (req, res) => {
 *   theme.set(req, "dark");
 *   res.redirect("/");
 * });
 */
export function plainCookie<const Value extends string>(
  sessions: Manager,
  options: PlainCookieOptions & {
    /** The values that there are; anything else counts as none. */
    readonly values: readonly Value[];
    readonly schema?: undefined;
  },
): OwnCookie<Value>;
export function plainCookie<Value extends string, Input = unknown>(
  sessions: Manager,
  options: PlainCookieOptions & {
    /** Checks the text when it is read and when it is set (Standard Schema). */
    readonly schema: Schema<Value, Input> & Settled<Value, Input>;
    readonly values?: undefined;
  },
): OwnCookie<Value>;
export function plainCookie(
  sessions: Manager,
  options: PlainCookieOptions & { readonly values?: undefined; readonly schema?: undefined },
): OwnCookie<string>;
export function plainCookie(
  sessions: object,
  options: PlainCookieOptions & {
    readonly values?: readonly string[] | undefined;
    readonly schema?: Schema<unknown> | undefined;
  },
): OwnCookie<unknown> {
  return ownCookie("plainCookie", sessions, options, ({ name }) => plainCodec(name, options));
}

/**
 * A cookie that the visitor can read and not change: a campaign, a variant of a test. The page's
 * scripts can read it too with `httpOnly: false`.
 *
 * It counts for as long as `maxAge` says, by the server's clock, whatever the browser does with it;
 * until then whoever holds it can bring it again.
 *
 * @throws {@link OptionsError} naming the option that is wrong and what to write instead, or a key
 * that is weak.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const variant = signedCookie<{ test: string; group: number }>(sessions, {
 *   name: "variant",
 *   keys,
 *   maxAge: "30d",
 * });
 * variant.set(req, { test: "checkout", group: 2 });
 * variant.get(req)?.group;
 */
export function signedCookie<Value, Input = unknown>(
  sessions: Manager,
  options: KeyedCookieOptions & {
    /** Checks the value when it is read and when it is set (Standard Schema). */
    readonly schema: Schema<Value, Input> & Settled<Value, Input>;
  },
): OwnCookie<Value>;
export function signedCookie<Value = JsonValue>(
  sessions: Manager,
  options: KeyedCookieOptions & { readonly schema?: undefined } & Kept<NoInfer<Value>>,
): OwnCookie<Value>;
export function signedCookie(sessions: object, options: KeyedOptions): OwnCookie<unknown> {
  return ownCookie("signedCookie", sessions, options, (parts) =>
    keyedCodec("signed", options, parts),
  );
}

/**
 * A cookie that the visitor can neither read nor change: a draft, a checkout without an account.
 *
 * It counts for as long as `maxAge` says, by the server's clock, whatever the browser does with it;
 * until then whoever holds it can bring it again. So it is no place for a balance or a "used" mark:
 * those belong into the session, or a database.
 *
 * @throws {@link OptionsError} naming the option that is wrong and what to write instead, or a key
 * that is weak.
 * @example
 * const keys = [process.env["SESSION_KEY"] ?? ""];
 * const draft = sealedCookie<{ subject: string }>(sessions, { name: "draft", keys, maxAge: "2h" });
 * draft.set(req, { subject: "Leaking roof" });
 * const { value, reason } = draft.inspect(req);
 * if (reason === "expired") res.send("Your draft is too old by now.");
 * if (value !== undefined) draft.delete(req);
 */
export function sealedCookie<Value, Input = unknown>(
  sessions: Manager,
  options: KeyedCookieOptions & {
    /** Checks the value when it is read and when it is set (Standard Schema). */
    readonly schema: Schema<Value, Input> & Settled<Value, Input>;
  },
): OwnCookie<Value>;
export function sealedCookie<Value = JsonValue>(
  sessions: Manager,
  options: KeyedCookieOptions & { readonly schema?: undefined } & Kept<NoInfer<Value>>,
): OwnCookie<Value>;
export function sealedCookie(sessions: object, options: KeyedOptions): OwnCookie<unknown> {
  return ownCookie("sealedCookie", sessions, options, (parts) =>
    keyedCodec("sealed", options, parts),
  );
}

type KeyedOptions = KeyedCookieOptions & { readonly schema?: Schema<unknown> | undefined };
