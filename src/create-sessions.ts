import { resolveClient } from "./cookies/client-address.ts";
import { CookieCarrier } from "./cookies/cookie-carrier.ts";
import { type CarrierOptions, speaksOfHttps } from "./cookies/cookie-rules.ts";
import type {
  Adoptable,
  CookieStore,
  Mounted,
  SharedStore,
  TokenTransport,
} from "./cookies/mount.ts";
import { resolveAddress } from "./cookies/transport.ts";
import type { KeyedValues, RichValues, ValueKind } from "./core/codec.ts";
import type { Protection } from "./core/engine.ts";
import { type Clock, developmentOf, type Environment, pooledRandom } from "./core/environment.ts";
import { OptionsError } from "./core/errors.ts";
import type { JsonObject } from "./core/json.ts";
import { SessionManager } from "./core/manager.ts";
import { missing } from "./core/missing.ts";
import { isStore, requireKnownKeys } from "./core/option-checks.ts";
import { type EngineOptions, type EngineSettings, resolveSettings } from "./core/options.ts";
import type { Carrier } from "./core/passage.ts";
import { IS_CLOUDFLARE } from "./core/platform.ts";
import { type ErrorListener, Reporter } from "./core/report.ts";
import { checkProtections } from "./core/request/protections.ts";
import type { InputOf, OutputOf, Schema, Settled } from "./core/schema.ts";
import type { Sessions } from "./core/sessions.ts";
import type { ShapeOptions } from "./core/shape.ts";
import type { Opened, RefusalIn, StorableData } from "./core/storable.ts";
import type { SessionStore } from "./core/store.ts";
import { handle } from "./frameworks/web.ts";
import type { Keys } from "./sealing/key-ring.ts";
import { areMissing } from "./sealing/missing-keys.ts";
import { memoryStore } from "./stores/memory/index.ts";

interface CommonOptions extends EngineOptions, CarrierOptions {
  /**
   * Tells the time; for tests.
   *
   * @defaultValue the system's clock
   */
  readonly clock?: Clock | undefined;
  /**
   * Takes each failure that a visitor is answered with a 5xx for, or that a response is cut for, in
   * place of the console.
   *
   * @defaultValue prints it with its cause, one of a kind in ten seconds, unless the framework does
   */
  readonly onError?: ErrorListener | undefined;
  /**
   * What is added to what sessions do by themselves, each from a subpath of its own:
   * `limitSessions(…)` of `sojourn/limits` and its like. They are asked in this order.
   *
   * @defaultValue none
   */
  readonly protections?: readonly Protection[] | undefined;
}

/** How sessions live, travel and are kept. Every option has a safe default. */
export interface SessionOptions extends CommonOptions {
  /**
   * Where records are kept.
   *
   * @defaultValue memory in development; in production it must be chosen
   */
  readonly store?: SessionStore | undefined;
  /**
   * The sessions that an earlier framework has left, which go on here as ours when their cookies
   * come: `flaskCookie(…)` of `sojourn/flask`, `djangoCookie(…)` of `sojourn/django` and their like,
   * in the order in which to try.
   *
   * @defaultValue none
   */
  readonly adopt?: readonly Adoptable[] | undefined;
  /**
   * How tokens travel: `bearer()` or `cookieOrBearer()` of `sojourn/bearer`, for clients that keep no
   * cookies.
   *
   * @defaultValue in a cookie
   */
  readonly transport?: TokenTransport | undefined;
  readonly keys?: undefined;
  readonly audience?: undefined;
}

/** How sessions live and travel that are kept in the visitors' own cookies. */
export interface CookieSessionOptions extends CommonOptions {
  /** `cookieStore(…)` or `cookieCache(…)` of `sojourn/cookie`. */
  readonly store: CookieStore;
  /** The keys of the cookies: the first one seals, all of them open. Made with `npx sojourn secret`. */
  readonly keys: Keys;
  /**
   * Which application the cookies are for, such as `"admin"`. Two applications that share keys and
   * the cookie's name open each other's sessions; with audiences that differ they do not.
   *
   * @defaultValue none
   */
  readonly audience?: string | undefined;
  readonly adopt?: undefined;
  readonly transport?: undefined;
}

/** How sessions are shared with another framework, whose clocks they live by. */
export interface SharedSessionOptions extends Omit<CommonOptions, ClockOption> {
  /** `djangoSessions(…)` of `sojourn/django`, `flaskSessions(…)` of `sojourn/flask` and their like. */
  readonly store: SharedStore;
  readonly adopt?: undefined;
  readonly transport?: undefined;
  readonly keys?: undefined;
  readonly audience?: undefined;
  readonly idleTimeout?: undefined;
  readonly absoluteTimeout?: undefined;
  readonly persistent?: undefined;
  readonly anonymous?: undefined;
  readonly longest?: undefined;
}

type ClockOption = "idleTimeout" | "absoluteTimeout" | "persistent" | "anonymous" | "longest";

type AnyOptions = SessionOptions | CookieSessionOptions | SharedSessionOptions;

/** Values of any type, where the application has described none. */
// biome-ignore lint/suspicious/noExplicitAny: as with JSON.parse, the caller knows what it stored.
export type Untyped = Record<string, any>;

interface Plain {
  readonly values?: undefined;
}

interface Rich {
  /**
   * Lets the data hold more than what JSON carries: `richValues(devalue)` of `sojourn/values`.
   *
   * @defaultValue what JSON carries
   */
  readonly values: RichValues;
}

/** @typeParam Why - For the compiler to say. */
interface NeedsValues<Why> {
  readonly values: RichValues & { readonly [WHY]?: Why };
}

declare const WHY: unique symbol;

/** Where the data needs the option, it is there, be it named or not. */
type KindFor<D, V> =
  D extends StorableData<D> ? ([V] extends [RichValues] ? "rich" : "json") : "rich";

type ValuesFor<D, V> =
  D extends StorableData<D> ? { readonly values?: V | undefined } : NeedsValues<RefusalIn<D>>;

interface BySchema<D, Input, K extends ValueKind> {
  /**
   * Checks the data when it is read and when it is stored. It must accept `{}`, and what it
   * returns as it is.
   */
  readonly schema: Schema<D, Input> & Settled<D, Input, K>;
  /** Brings stored data of an earlier form to the schema; given up-to-date data it changes nothing. */
  readonly migrate?: MigrateOf<K> | undefined;
  readonly defaults?: undefined;
}

interface ByDefaults<D> {
  /**
   * A value for each key: shown where nothing is stored, copied for each session. Without a type,
   * `[]` and `null` leave open what comes later.
   */
  readonly defaults: D;
  readonly schema?: undefined;
}

interface ByTypeAlone {
  readonly defaults?: undefined;
  readonly schema?: undefined;
}

interface ByAnyOfThem<D, S, K extends ValueKind> {
  readonly schema?: (S & Settled<OutputOf<S>, InputOf<S>, K>) | undefined;
  readonly migrate?: MigrateOf<K> | undefined;
  readonly defaults?: D | undefined;
}

type MigrateOf<K extends ValueKind> = K extends "json"
  ? (stored: JsonObject) => JsonObject
  : (stored: KeyedValues) => KeyedValues;

// What a call among the options makes, such as `new Set()`, gets its type from the first overload.
/**
 * Makes the sessions of an application.
 *
 * Describe the data by a `schema` (Standard Schema), by `defaults`, or by a type alone. Nothing is
 * read, written, timed or drawn until the first request. A store or a key that is missing is refused
 * then, and by `sessions.prepare()`: builds of frameworks import this module where neither is at hand.
 *
 * @throws {@link OptionsError} naming the option that is wrong and what to write instead.
 * @example
 * const sessions = createSessions<Shop>({
 *   store: sqliteStore("sessions.db"),
 *   defaults: { cart: [], theme: "light", visits: 0 },
 * });
 */
export function createSessions<D extends StorableData<D, "rich">>(
  options: AnyOptions & Rich & ByDefaults<D>,
): Sessions<Opened<D>, "rich">;
export function createSessions<D extends StorableData<D, "rich">, Input = unknown>(
  options: AnyOptions & Rich & BySchema<D, Input, "rich">,
): Sessions<D, "rich">;
export function createSessions<D extends StorableData<D, "rich"> = Untyped>(
  options: AnyOptions & Rich & ByTypeAlone,
): Sessions<Partial<D>, "rich">;
export function createSessions<D extends StorableData<D>, Input = unknown>(
  options: AnyOptions & Plain & BySchema<D, Input, "json">,
): Sessions<D>;
export function createSessions<D extends StorableData<D>>(
  options: AnyOptions & Plain & ByDefaults<D>,
): Sessions<Opened<D>>;
export function createSessions<D extends StorableData<D> = Untyped>(
  options?: AnyOptions & Plain & ByTypeAlone,
): Sessions<Partial<D>>;
// With more than three overloads the compiler explains a slip by the last one alone: this one, which
// knows every option, and every type. It takes descriptions that may be missing, too.
export function createSessions<
  D extends StorableData<D, "rich"> = Untyped,
  S extends Schema<object> = Schema<D>,
  V extends RichValues | undefined = undefined,
>(
  options: AnyOptions & ValuesFor<D, V> & ByAnyOfThem<D, S, KindFor<D, V>>,
): Sessions<Partial<D>, KindFor<D, V>>;
export function createSessions(options: AnyOptions & ShapeOptions = {}): Sessions<Untyped> {
  requireKnownKeys("", options, Object.keys(KNOWN), ADVICE);
  const settings = resolveSettings(options);
  const protections = checkProtections(options.protections ?? []);
  const environment = resolveEnvironment(options);
  const kept = keptWhere(options, settings, environment);
  return new SessionManager<Untyped>({
    environment,
    handle,
    protections,
    ...kept,
    settings: kept.settings ?? settings,
  });
}

/** Where sessions lie, and what travels. */
function keptWhere(
  { store, keys, audience, adopt, transport, ...options }: AnyOptions,
  settings: EngineSettings,
  environment: Environment,
): Mounted {
  if (adopt !== undefined) refuseAdoption(adopt, store);
  if (transport !== undefined) refuseTransport(transport, store);
  if (isCookieStore(store)) {
    const checked = checkedAudience(audience);
    if (areMissing(keys)) return missing(noKeys());
    return store.mount({ carrier: options, keys, audience: checked, settings, environment });
  }
  for (const [option, value] of Object.entries({ keys, audience })) {
    if (value !== undefined) throw new OptionsError(option, `is not known. ${ADVICE[option]}`);
  }
  if (isSharedStore(store)) {
    refuseClocks(options);
    return store.share({ carrier: options, settings, environment, givenName: options.name });
  }
  const chosen = checkedStore(store) ?? developmentStore(environment);
  if (chosen === undefined) return missing(noStore());
  return { store: chosen, ...travelling({ adopt, transport, ...options }, settings, environment) };
}

/** What carries the sessions that lie in a store of ours. */
function travelling(
  { adopt, transport, ...options }: CarrierOptions & Pick<SessionOptions, "adopt" | "transport">,
  settings: EngineSettings,
  environment: Environment,
): Pick<Mounted, "carrier" | "settings"> {
  const policies = { ...settings.policies, areInherited: adopt !== undefined };
  const parts = { carrier: options, settings: { ...settings, policies }, environment };
  const own: Carrier = new CookieCarrier(options, { ...environment, name: settings.name });
  const cookies = (adopt ?? []).reduce((carrier, old) => old.beside(carrier, parts), own);
  const hasAdopted = adopt !== undefined;
  return {
    settings: parts.settings,
    carrier: transport?.carry(cookies, { ...parts, hasAdopted }) ?? cookies,
  };
}

/** Without its cookie, a session that lies in cookies is nowhere, and a shared one is not shared. */
function refuseTransport(transport: TokenTransport, store: AnyOptions["store"]): void {
  if (typeof transport?.carry !== "function") {
    throw new OptionsError("transport", "must be bearer() or cookieOrBearer() of sojourn/bearer.");
  }
  if (!isCookieStore(store) && !isSharedStore(store)) return;
  throw new OptionsError(
    "transport",
    "needs sessions in a store of ours: these lie in cookies, or are shared with another framework by " +
      'its cookie. Leave it out, or write a store such as sqliteStore("sessions.db").',
  );
}

/** Whoever signs out must not be brought back by an old cookie: that it was adopted is kept in a store. */
function refuseAdoption(adopt: readonly Adoptable[], store: AnyOptions["store"]): void {
  if (!Array.isArray(adopt) || adopt.some((old) => typeof old?.beside !== "function")) {
    throw new OptionsError("adopt", "must be a list, such as [flaskCookie({ secretKey, map })].");
  }
  if (!isCookieStore(store) && !isSharedStore(store)) return;
  throw new OptionsError(
    "adopt",
    "needs sessions in a store of ours, which remembers what has been adopted. Leave it out, or " +
      'write a store such as sqliteStore("sessions.db").',
  );
}

function isCookieStore(store: AnyOptions["store"]): store is CookieStore {
  return typeof store === "object" && store !== null && "mount" in store;
}

function isSharedStore(store: AnyOptions["store"]): store is SharedStore {
  return typeof store === "object" && store !== null && "share" in store;
}

const CLOCK_OPTIONS: readonly ClockOption[] = [
  "idleTimeout",
  "absoluteTimeout",
  "persistent",
  "anonymous",
  "longest",
];

/** A session that two applications share has one lifetime: who began it has said which. */
function refuseClocks(options: Omit<AnyOptions, "store" | "keys" | "audience" | "adopt">): void {
  const given = CLOCK_OPTIONS.find((option) => options[option] !== undefined);
  if (given === undefined) return;
  throw new OptionsError(
    given,
    "is not known. Leave it out: shared sessions live by the other framework's clocks, which the " +
      "options of the store say; an absoluteTimeout can be given there.",
  );
}

function noKeys(): OptionsError {
  return new OptionsError(
    "keys",
    'sessions in cookies are sealed with them. Make one with "npx sojourn secret", and write ' +
      'keys: [process.env["SESSION_KEY"] ?? ""].',
  );
}

function checkedAudience(audience: string | undefined): string | undefined {
  const isUsable = typeof audience === "string" && audience !== "" && audience.isWellFormed();
  if (audience === undefined || isUsable) return audience;
  throw new OptionsError("audience", 'must name the application, such as "admin".');
}

const KNOWN: Readonly<Record<keyof SessionOptions | keyof ShapeOptions, true>> = {
  name: true,
  store: true,
  keys: true,
  audience: true,
  adopt: true,
  transport: true,
  idleTimeout: true,
  absoluteTimeout: true,
  persistent: true,
  anonymous: true,
  longest: true,
  cookie: true,
  trustProxy: true,
  schema: true,
  defaults: true,
  migrate: true,
  values: true,
  storeTimeout: true,
  maxDataBytes: true,
  cacheControl: true,
  crossSite: true,
  keepAtSignIn: true,
  clock: true,
  onError: true,
  protections: true,
};

/** For those who come from other libraries. */
const ADVICE: Readonly<Record<string, string>> = {
  secret: "Leave it out: the cookie holds 256 random bits, so there is nothing to sign.",
  password: "Leave it out: the cookie holds 256 random bits, so there is nothing to sign.",
  keys: "Leave it out: the cookie holds 256 random bits, so there is nothing to sign. Keys are for cookieStore and encrypted.",
  audience: "Leave it out: it is for cookieStore and cookieCache; other sessions lie in a store.",
  resave: "Leave it out: a session is stored when a request changes it.",
  saveUninitialized: "Leave it out: a visitor who stores nothing gets no record and no cookie.",
  rolling: "Leave it out: activity moves the idle timeout, and the cookie need not be sent again.",
  unset: "Leave it out: call session.destroy() to end a session.",
  genid: "Leave it out: tokens come from the secure source of randomness alone.",
  proxy: 'Write trustProxy, for instance trustProxy: ["loopback"].',
  ttl: "Write idleTimeout and absoluteTimeout.",
  maxAge: "Write idleTimeout and absoluteTimeout.",
  cookieName: "Write name.",
  bearer: "Write transport: bearer(), of sojourn/bearer.",
  csrf: 'Leave it out: what another site\'s page sends is refused. Write crossSite: { trustedOrigins: ["https://accounts.example"] } for exceptions.',
  trustedOrigins: 'Write crossSite: { trustedOrigins: ["https://accounts.example"] }.',
};

/** A listener's errors may differ at every call; they must not fill the memory. */
const MAX_NOTICES = 100;

function resolveEnvironment(options: CommonOptions): Environment {
  const { clock = Date, onError, trustProxy } = options;
  if (onError !== undefined && typeof onError !== "function") {
    throw new OptionsError("onError", "it must be a function that takes an error.");
  }
  if (typeof clock?.now !== "function") {
    throw new OptionsError("clock", "it must have a now() that returns epoch milliseconds.");
  }
  const told = new Set<string>();
  const nodeEnv = process.env["NODE_ENV"];
  const now = clock === Date ? Date.now : (): number => clock.now();
  const reporter = new Reporter({ onError, now, print: (what) => console.error(what) });
  return {
    now,
    report: (error, context, isPrinted) => reporter.report(error, context, isPrinted),
    random: pooledRandom(),
    development: developmentOf(nodeEnv),
    nodeEnv,
    trustProxy,
    addressOf: resolveAddress(trustProxy),
    clientOf: resolveClient(trustProxy),
    isForHttps: speaksOfHttps(options),
    notice: (sentence) => {
      if (told.has(sentence) || told.size >= MAX_NOTICES) return;
      told.add(sentence);
      if (IS_CLOUDFLARE) console.warn(`SojournWarning: ${sentence}`);
      else process.emitWarning(sentence, "SojournWarning");
    },
  };
}

function checkedStore(store: SessionStore | undefined): SessionStore | undefined {
  if (store === undefined || isStore(store)) return store;
  throw new OptionsError(
    "store",
    'it is not a session store. Pass memoryStore(), or sqliteStore("sessions.db") from ' +
      '"sojourn/sqlite"; a store of your own implements SessionStore.',
  );
}

/** Memory loses every session at a restart and shares none between processes. */
function developmentStore({ development, notice }: Environment): SessionStore | undefined {
  if (development === undefined) return undefined;
  notice(
    "Sessions are kept in memory and end with this process. Before production choose a store, " +
      'such as sqliteStore("sessions.db") from "sojourn/sqlite".',
  );
  return memoryStore();
}

function noStore(): OptionsError {
  return new OptionsError(
    "store",
    'choose one in production: sqliteStore("sessions.db") from "sojourn/sqlite" keeps sessions ' +
      "on one machine; memoryStore() loses them at every restart.",
  );
}
