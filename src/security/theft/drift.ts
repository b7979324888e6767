import { networkOf } from "../../core/client-address.ts";
import type { Engine, Hooks, Protection, SigningIn, Verdict } from "../../core/engine.ts";
import { OptionsError } from "../../core/errors.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { JsonObject } from "../../core/json.ts";
import { entryOf, type NoteEdit, ofDoubt, put } from "../../core/notes.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SessionRecord } from "../../core/record.ts";
import { hiddenUserId, newCommitId } from "../../core/token.ts";
import { RecentMap } from "../../sealing/recent-map.ts";

/** What is compared with the sign-in: see {@link DriftPolicy}. */
export type DriftSignal = "browser" | "platform" | "network" | "country";

/** What follows where a signal has changed, from the least to the most. */
export type DriftAction = "ignore" | "event" | "stepUp" | "end";

/** What a request says of whoever has sent it. */
export type DriftRequest = Pick<RequestHead, "header" | "remoteAddress">;

/**
 * What follows from which change: `"event"` tells of it, `"stepUp"` also makes `session.isFresh` false
 * until the user signs in again, `"end"` ends the session.
 */
export interface DriftPolicy {
  /**
   * The browser's family: what `family` makes of `User-Agent`, or else the brands of `Sec-CH-UA` without
   * their versions, so that an update is no change.
   *
   * @defaultValue "event"
   */
  readonly browser?: DriftAction | undefined;
  /**
   * The system, and whether it is a telephone: `Sec-CH-UA-Platform` and `Sec-CH-UA-Mobile`.
   *
   * @defaultValue "event"
   */
  readonly platform?: DriftAction | undefined;
  /**
   * The network of the client's address, an IPv4 /24 or an IPv6 /64. It changes on the way to work.
   *
   * @defaultValue "ignore"
   */
  readonly network?: DriftAction | undefined;
  /**
   * What `country` says.
   *
   * @defaultValue "ignore"
   */
  readonly country?: DriftAction | undefined;
}

/** What is compared, and what follows. */
export interface WatchForDriftOptions {
  readonly policy?: DriftPolicy | undefined;
  /** The family of a `User-Agent`, such as `"Firefox"`, by a library of the application's. */
  readonly family?: ((userAgent: string) => string | undefined) | undefined;
  /** The country that a request comes from, as a proxy or a database says; `undefined` if unknown. */
  readonly country?: ((request: DriftRequest) => string | undefined) | undefined;
}

/**
 * Compares each request of a signed-in session with its sign-in, by coarse signals: a copied cookie is
 * often used by another browser, on another system, from elsewhere. A change is told by the event
 * `drifted`, once, and then taken for what is usual. Nothing is compared that the policy ignores, nor
 * kept of it; of the rest hashes are kept in the session.
 *
 * None of it proves anything: a thief can send what the browser has sent.
 *
 * @throws {@link OptionsError} if an option is wrong.
 * @example
 * import { createSessions } from "sojourn";
 * import { watchForDrift } from "sojourn/theft";
 * import { sqliteStore } from "sojourn/sqlite";
 *
 * const sessions = createSessions({
 *   store: sqliteStore("sessions.db"),
 *   protections: [watchForDrift({ policy: { browser: "stepUp", platform: "stepUp" } })],
 * });
 */
export function watchForDrift(options: WatchForDriftOptions = {}): Protection {
  const watching = checked(options);
  return { name: "watchForDrift", protect: (engine): Hooks => new Drift(engine, watching) };
}

/** The entry of the notes for what the signals were. */
const SIGNALS = "r";
/** Of 66 bits: the signals are few, and told apart within one session. */
const HASH_LENGTH = 11;
/** So many changes are remembered, that parallel requests tell of none twice. */
const MAX_TOLD = 1_000;

interface Watching extends Omit<WatchForDriftOptions, "policy"> {
  readonly watched: readonly (readonly [DriftSignal, Exclude<DriftAction, "ignore">])[];
}

interface Noted {
  readonly salt: string;
  readonly [signal: string]: string;
}

class Drift implements Hooks {
  readonly #engine: Engine;
  readonly #watching: Watching;
  readonly #told = new RecentMap<true>(MAX_TOLD);

  constructor(engine: Engine, watching: Watching) {
    this.#engine = engine;
    this.#watching = watching;
  }

  readonly guard: Hooks["guard"] = (record, _engine, { now }, request) => {
    const noted = record.userId === undefined ? undefined : notedIn(record);
    if (noted === undefined) return undefined;
    const seen = this.#hashesOf(request, noted.salt);
    const differing = this.#watching.watched.filter(
      ([signal]) => seen[signal] !== undefined && noted[signal] !== seen[signal],
    );
    if (differing.length === 0) return undefined;
    // What nobody knew until now has not changed.
    const changed = differing.filter(([signal]) => noted[signal] !== undefined);
    if (changed.length === 0) return Promise.resolve(verdictOf("event", differing, seen));
    const action = strongest(changed.map(([, each]) => each));
    this.#tell(
      record,
      { at: now, signals: changed.map(([signal]) => signal), action },
      seen,
      request,
    );
    return Promise.resolve(verdictOf(action, differing, seen));
  };

  async signingIn({ request, engine }: SigningIn): Promise<readonly NoteEdit[]> {
    const salt = newCommitId(engine.environment.random);
    const signals = { salt, ...this.#hashesOf(request, salt) };
    return [(notes) => put(notes, SIGNALS, signals)];
  }

  #tell(
    { id, userId }: SessionRecord,
    told: {
      readonly at: number;
      readonly signals: readonly DriftSignal[];
      readonly action: string;
    },
    seen: JsonObject,
    request: RequestHead,
  ): void {
    const change = `${id} ${JSON.stringify(seen)}`;
    if (this.#told.get(change) !== undefined) return;
    this.#told.set(change, true);
    const { at, signals, action } = told;
    const event = { at, id, userId, signals, action: action as Exclude<DriftAction, "ignore"> };
    this.#engine.events.emit("drifted", event, request);
  }

  #hashesOf(request: RequestHead, salt: string): JsonObject {
    const hashes: JsonObject = {};
    for (const [signal] of this.#watching.watched) {
      const value = this.#valueOf(signal, request);
      // Nothing is known of it: that is no change.
      if (value !== undefined) hashes[signal] = hiddenUserId(value, salt).slice(0, HASH_LENGTH);
    }
    return hashes;
  }

  #valueOf(signal: DriftSignal, request: RequestHead): string | undefined {
    const { family, country } = this.#watching;
    switch (signal) {
      case "browser":
        if (family !== undefined) return family(request.header("user-agent") ?? "");
        return withholdsHints(request) ? undefined : brandsIn(request.header("sec-ch-ua") ?? "");
      case "platform": {
        if (withholdsHints(request)) return undefined;
        const names = ["sec-ch-ua-platform", "sec-ch-ua-mobile"];
        return names.map((name) => request.header(name) ?? "").join(" ");
      }
      case "network": {
        const address = this.#engine.environment.clientOf?.(request);
        return address && networkOf(address, 24);
      }
      case "country": {
        const { remoteAddress } = request;
        return country?.({ header: (name) => request.header(name), remoteAddress });
      }
      default:
        return signal satisfies never;
    }
  }
}

function verdictOf(action: DriftAction, differing: Watching["watched"], seen: JsonObject): Verdict {
  if (action === "end") return { kind: "ended", reason: "drifted" };
  const usual: NoteEdit = (notes) => {
    const before = notes[SIGNALS] as JsonObject | undefined;
    const now = differing.map(([signal]) => [signal, seen[signal] ?? ""] as const);
    put(notes, SIGNALS, { ...before, ...Object.fromEntries(now) });
  };
  return { kind: "accepted", edits: action === "stepUp" ? [usual, ofDoubt] : [usual] };
}

// Nobody else writes these notes, so what is there has the form that we gave it.
function notedIn({ notes }: SessionRecord): Noted | undefined {
  return entryOf(notes, SIGNALS) as Noted | undefined;
}

/** Chromium sends no hints from a worker, nor for a WebSocket, nor over plain HTTP. */
function withholdsHints(request: RequestHead): boolean {
  const isChromium = /Chrom(?:e|ium)\//.test(request.header("user-agent") ?? "");
  return isChromium && request.header("sec-ch-ua") === undefined;
}

/** Names such as `"Chromium"`; browsers add one that changes, to be ignored (UA-CH, 6.2). */
function brandsIn(header: string): string {
  const names = [...header.matchAll(/"((?:[^"\\]|\\.)*)"\s*;\s*v=/g)].map(([, name = ""]) => name);
  return names
    .filter((name) => !/not.*brand/i.test(name))
    .sort()
    .join(", ");
}

const ACTIONS: readonly DriftAction[] = ["ignore", "event", "stepUp", "end"];

function strongest(
  actions: readonly Exclude<DriftAction, "ignore">[],
): Exclude<DriftAction, "ignore"> {
  return actions.reduce((most, each) =>
    ACTIONS.indexOf(each) > ACTIONS.indexOf(most) ? each : most,
  );
}

const USUAL: Readonly<Record<DriftSignal, DriftAction>> = {
  browser: "event",
  platform: "event",
  network: "ignore",
  country: "ignore",
};

function checked(options: WatchForDriftOptions): Watching {
  requireKnownKeys("watchForDrift", options, ["policy", "family", "country"]);
  const { policy = {}, family, country } = options;
  requireKnownKeys("watchForDrift.policy", policy, Object.keys(USUAL));
  for (const [option, given] of Object.entries({ family, country })) {
    if (given === undefined || typeof given === "function") continue;
    throw new OptionsError(`watchForDrift.${option}`, "must be a function.");
  }
  const watched = (Object.keys(USUAL) as DriftSignal[]).flatMap((signal) => {
    const option = `watchForDrift.policy.${signal}`;
    const action = oneOf(option, policy[signal], ACTIONS) ?? USUAL[signal];
    return action === "ignore" ? [] : [[signal, action] as const];
  });
  if (country === undefined && watched.some(([signal]) => signal === "country")) {
    throw new OptionsError(
      "watchForDrift.country",
      "must tell the country where a policy asks for it.",
    );
  }
  return { watched, family, country };
}
