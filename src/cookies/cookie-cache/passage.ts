import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import type { Carrier, Farewell, Identity, Passage } from "../../core/passage.ts";
import type { EpochMs } from "../../core/record.ts";
import type { Home, Records } from "../../core/records.ts";
import type { Binding } from "../../sealing/binding.ts";
import { type Sealer, sealedLength } from "../../sealing/sealer.ts";
import type { CookieCarrier, CookiePassage } from "../cookie-carrier.ts";
import { ExchangedCookie } from "../cookie-exchange.ts";
import type { CookieForms } from "../cookie-rules.ts";
import { USUAL_COOKIE_BYTES } from "../set-cookie.ts";
import { expireStale } from "../stale-cookies.ts";
import { readSnapshot, snapshotText } from "./snapshot.ts";
import { Knowledge, snapshotRecords } from "./snapshot-records.ts";

/** What the requests of one manager share. */
export interface SnapshotTools {
  readonly token: CookieCarrier;
  readonly snapshot: CookieForms;
  readonly sealer: Sealer;
  readonly binding: Binding;
  readonly maxStalenessMs: number;
  readonly now: () => EpochMs;
}

/** Carries a token, and beside it a copy of the session's record. */
export class CookieCacheCarrier implements Carrier {
  readonly #tools: SnapshotTools;

  constructor(tools: SnapshotTools) {
    this.#tools = tools;
  }

  arrive(exchange: Exchange, home: Home, isFresh: boolean): Passage {
    return new CookieCachePassage(this.#tools, exchange, home, isFresh);
  }

  mayArrive(request: RequestHead): boolean {
    return this.#tools.token.mayArrive(request);
  }

  prepare(): void {
    this.#tools.sealer.seal("", this.#tools.binding);
  }
}

/** A passage around that of the token, which learns from every answer what the next request may know. */
class CookieCachePassage implements Passage {
  readonly rejected: readonly Rejection[];
  readonly records: Records;
  readonly writesNeedHeaders = false;
  readonly #tools: SnapshotTools;
  readonly #token: CookiePassage;
  readonly #snapshot: ExchangedCookie;
  readonly #known = new Knowledge();
  readonly #isPresent: boolean;

  constructor(tools: SnapshotTools, exchange: Exchange, home: Home, isFresh: boolean) {
    this.#tools = tools;
    this.#token = tools.token.arrive(exchange, home);
    const snapshot = new ExchangedCookie(tools.snapshot, this.#token);
    this.#snapshot = snapshot;
    const { values, refused } = snapshot;
    this.#isPresent = values.length > 0 || refused !== undefined;
    this.records = recordsAround(home, this.#known);
    const [value] = values;
    // Where several came, the store knows better.
    const isClear = this.#token.cookie.values.length === 1 && values.length === 1;
    const rejection = isClear && value !== undefined && !isFresh ? this.#open(value) : undefined;
    this.rejected = rejection ? [...this.#token.rejected, rejection] : this.#token.rejected;
  }

  get presented(): readonly Identity[] {
    return this.#token.presented;
  }

  get untried(): number {
    return this.#token.untried;
  }

  get hasSurplus(): boolean {
    return this.#token.hasSurplus || this.#snapshot.hasSurplus;
  }

  get obstacle(): string | undefined {
    return this.#token.obstacle;
  }

  issue(): Identity {
    return this.#token.issue();
  }

  leave(farewell: Farewell): boolean {
    const { news } = this.#known;
    const hasNews = news !== undefined && (news !== "none" || this.#isPresent);
    const { cookie, stale } = farewell;
    if (cookie === "keep" && stale === "none" && !hasNews) return false;
    if (this.obstacle !== undefined) return false;
    if (stale !== "none") this.#expireStale(stale);
    this.#token.leave({ ...farewell, stale: "none" });
    if (hasNews) this.#sendNews();
    else if (cookie === "expire" && this.#isPresent) this.#snapshot.expire();
    return true;
  }

  #expireStale(which: Exclude<Farewell["stale"], "none">): void {
    const cookies = [this.#token.cookie, this.#snapshot];
    const brought = cookies.flatMap((cookie) => cookie.brought(which) ?? []);
    expireStale(this.#token.exchange, brought);
  }

  /** Resolves to why it is not believed. */
  #open(value: string): Rejection | undefined {
    const { sealer, binding, maxStalenessMs, now } = this.#tools;
    const opening = sealer.open(value, binding);
    if (opening.kind !== "opened") return opening.kind;
    const snapshot = readSnapshot(opening.text);
    if (snapshot === undefined) return "malformed";
    if (Math.abs(now() - snapshot.takenAt) < maxStalenessMs) this.#known.bring(snapshot);
    return undefined;
  }

  /** It is of no use for longer, whatever the session's own lifetime. */
  #sendNews(): void {
    const { sealer, binding, maxStalenessMs } = this.#tools;
    const { news } = this.#known;
    if (news === undefined) return;
    const text = news === "none" ? undefined : snapshotText(news);
    if (text !== undefined && this.#fits(text)) {
      this.#snapshot.send(sealer.seal(text, binding), maxStalenessMs);
    } else if (this.#isPresent) this.#snapshot.expire();
  }

  #fits(text: string): boolean {
    const length = sealedLength(Buffer.byteLength(text));
    return length + this.#tools.snapshot.full.name.length <= USUAL_COOKIE_BYTES;
  }
}

function recordsAround({ keeper, queue }: Home, known: Knowledge): Records {
  return {
    keeper: keeper.over(snapshotRecords(keeper.store, known)),
    origin: keeper,
    // The line of edits is that of the whole process.
    queue: {
      commit: async (base, edit, deadline) => {
        known.forget(base.record.id);
        const record = await queue.commit(base, edit, deadline);
        known.learn(record, deadline.now);
        return record;
      },
    },
  };
}
