import { longestLifeMs } from "../../core/clocks.ts";
import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { refuseTokenBound } from "../../core/keychain.ts";
import { requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionStore } from "../../core/store.ts";
import { KeyRing } from "../../sealing/key-ring.ts";
import { Sealer } from "../../sealing/sealer.ts";
import type { CookieStore, Mounted, MountParts } from "../mount.ts";
import { CookieAdministration } from "./administration.ts";
import { CookieSealer } from "./cookie-sealer.ts";
import { Cookies } from "./cookies.ts";
import { NearAnswers } from "./near-answers.ts";
import { noStore } from "./no-store.ts";
import { CookieStoreCarrier } from "./passage.ts";
import { Revocations } from "./revocations.ts";
import { MAX_CHUNKS, mostBytes, type Room, usualBytes } from "./size.ts";

/** What it means to do without a store of revocations, in words for whoever reads the code. */
export type NoRevocations = "none: a copied cookie works until it expires, signed out or not";

/** Where cookie sessions are ended, and how large they may be. */
export interface CookieStoreOptions {
  /**
   * The store that remembers which sessions have ended: a browser deletes its cookie at sign-out,
   * but not whoever has copied it. It must be durable and evict nothing: sqliteStore, fileStore,
   * postgresStore or mysqlStore. It is asked at each `open`, and written to when a session ends.
   */
  readonly revocations: SessionStore | NoRevocations;
  /**
   * How long an answer of that store counts in this process, so that most requests ask nothing; at
   * most `"5m"`. A session that ended in another process may open this much longer; an end in this
   * one counts at once.
   *
   * @defaultValue none: it is asked each time
   */
  readonly maxStaleness?: Duration | undefined;
  /**
   * How many cookies one session may take, up to 4. Each is at most 4096 bytes with its name.
   *
   * @defaultValue 1
   */
  readonly chunks?: number | undefined;
  /**
   * How many bytes all of them may take, names included: up to 4096 for each, and 14336 in all. With
   * the default, common proxies pass them on as they are; more has to fit what stands in front
   * (nginx: `proxy_buffer_size` and `large_client_header_buffers`).
   *
   * @defaultValue 3072 for one cookie, 7500 for several
   */
  readonly maxBytes?: number | undefined;
}

/**
 * Keeps sessions in the visitors' own cookies, encrypted under the `keys` of `createSessions`.
 *
 * A session has room for about 2000 bytes of JSON unless options say more; beyond that a change fails with
 * {@link CookieTooLargeError} before anything is sent.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is read here.
 * @example
 * import { createSessions } from "sojourn";
 * import { cookieStore } from "sojourn/cookie";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: cookieStore({ revocations: sqliteStore("revoked.db") }),
 *   keys: [process.env["SESSION_KEY"] ?? ""],
 * });
 */
export function cookieStore(options: CookieStoreOptions): CookieStore {
  requireKnownKeys("cookieStore", options, KNOWN, ADVICE);
  const { maxStaleness, chunks = 1 } = options;
  checkNumber("chunks", chunks, 1, MAX_CHUNKS);
  const { maxBytes = usualBytes(chunks) } = options;
  checkNumber("maxBytes", maxBytes, MIN_BYTES, mostBytes(chunks));
  const settings = {
    revocations: checkedRevocations(options.revocations),
    maxStalenessMs: maxStaleness === undefined ? 0 : checkedStaleness(maxStaleness),
    room: { chunks, maxBytes },
  };
  return { mount: (parts) => mountCookies(settings, parts) };
}

/** The options, checked. */
interface CookieSettings {
  readonly revocations: SessionStore | undefined;
  readonly maxStalenessMs: number;
  readonly room: Pick<Room, "chunks" | "maxBytes">;
}

/** Puts the parts of a cookie store together. */
function mountCookies(
  { revocations: store, maxStalenessMs, room }: CookieSettings,
  { carrier, keys, audience, settings, environment }: MountParts,
): Mounted {
  const { name, policies } = settings;
  const longestMs = longestLifeMs(policies);
  const cookies = new Cookies(carrier, { ...environment, name }, room);
  const seals = new Sealer(new KeyRing("keys", keys), environment.random);
  const sealer = new CookieSealer(seals, cookies, audience);
  const revocations = store && new Revocations(store, new NearAnswers(maxStalenessMs), longestMs);
  const { random } = environment;
  const tools = { name, random, cookies, sealer, revocations, longestMs };
  return {
    store: store ?? noStore(),
    carrier: new CookieStoreCarrier(tools),
    administration: (engine) => new CookieAdministration(engine, revocations),
  };
}

const KNOWN: readonly string[] = ["revocations", "maxStaleness", "chunks", "maxBytes"];
/** A session without data takes some 400. */
const MIN_BYTES = 1_024;

function checkNumber(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new OptionsError(
    `cookieStore.${option}`,
    `must be a whole number from ${least} to ${most}.`,
  );
}

const ADVICE: Readonly<Record<string, string>> = {
  keys: "Give them to createSessions, beside store.",
  secret: "Give keys to createSessions, beside store.",
  password: "Give keys to createSessions, beside store.",
};

/** What has ended must not open for long. */
const MAX_STALENESS_MS = 300_000;

function checkedStaleness(maxStaleness: Duration): number {
  const ms = durationMs("cookieStore.maxStaleness", maxStaleness);
  if (ms <= MAX_STALENESS_MS) return ms;
  throw new OptionsError("cookieStore.maxStaleness", 'must not exceed "5m".');
}

const NO_REVOCATIONS: NoRevocations =
  "none: a copied cookie works until it expires, signed out or not";

function checkedRevocations(
  revocations: SessionStore | NoRevocations | undefined,
): SessionStore | undefined {
  if (revocations === NO_REVOCATIONS) return undefined;
  const option = "cookieStore.revocations";
  if (typeof revocations !== "object" || typeof revocations?.create !== "function") {
    throw new OptionsError(
      option,
      'takes a store that remembers who has signed out, such as sqliteStore("revoked.db"), or the ' +
        `words ${JSON.stringify(NO_REVOCATIONS)}.`,
    );
  }
  refuseTokenBound(option, revocations);
  const { durability, eviction } = revocations.profile;
  if (durability !== "process" && eviction === "never") return revocations;
  const reason =
    durability === "process" ? "forgets everything at a restart" : "may drop records to make room";
  throw new OptionsError(
    option,
    `this store ${reason}, and a session that has ended would come back. Choose one that keeps ` +
      'what it is given: sqliteStore("revoked.db").',
  );
}
