import type { Carrier, CookieExtras, Presented } from "../../core/carrier.ts";
import type { Rejection } from "../../core/events.ts";
import type { Exchange, RequestHead } from "../../core/exchange.ts";
import type { EpochMs } from "../../core/record.ts";
import type { SessionToken } from "../../core/token.ts";
import type { Binding } from "../../sealing/binding.ts";
import { type Sealer, sealedLength } from "../../sealing/sealer.ts";
import type { CookieCarrier } from "../cookie-carrier.ts";
import { USUAL_COOKIE_BYTES } from "../set-cookie.ts";
import { expireStale } from "../stale-cookies.ts";
import { readSnapshot, snapshotText } from "./snapshot.ts";
import type { Knowledge } from "./snapshot-records.ts";

/** What the requests of one manager share. */
export interface SnapshotTools {
  readonly token: CookieCarrier;
  readonly snapshot: CookieCarrier;
  readonly sealer: Sealer;
  readonly binding: Binding;
  readonly maxStalenessMs: number;
  readonly now: () => EpochMs;
}

/** Carries the token as ever, and beside it what the request knows of its session. */
export class SnapshotCarrier implements Carrier {
  readonly #tools: SnapshotTools;
  readonly #known: Knowledge;
  readonly #reject: ((reason: Rejection) => void) | undefined;
  #isPresent = false;

  /** @param reject - Told why a snapshot is not believed; `undefined` where none is to be used. */
  constructor(
    tools: SnapshotTools,
    known: Knowledge,
    reject: ((reason: Rejection) => void) | undefined,
  ) {
    this.#tools = tools;
    this.#known = known;
    this.#reject = reject;
  }

  read(request: RequestHead): Presented {
    const presented = this.#tools.token.read(request);
    const { values, refused, hasSurplus } = this.#tools.snapshot.read(request);
    this.#isPresent = values.length > 0 || refused !== undefined;
    const [value] = values;
    // Where several came, the store knows better.
    const isClear = presented.values.length === 1 && values.length === 1;
    if (isClear && value !== undefined && this.#reject) this.#open(value, this.#reject);
    return hasSurplus ? { ...presented, hasSurplus } : presented;
  }

  obstacle(request: RequestHead): string | undefined {
    return this.#tools.token.obstacle(request);
  }

  send(exchange: Exchange, token: SessionToken, maxAgeMs: number | undefined): void {
    this.#tools.token.send(exchange, token, maxAgeMs);
  }

  expire(exchange: Exchange): void {
    const { token, snapshot } = this.#tools;
    token.expire(exchange);
    // Where there is news of it, that takes it away.
    if (this.#isPresent && this.#known.news === undefined) snapshot.expire(exchange);
  }

  expireStale(exchange: Exchange, which: "surplus" | "all"): void {
    const { token, snapshot } = this.#tools;
    expireStale(
      exchange,
      [token, snapshot].flatMap((cookie) => cookie.brought(exchange.request, which) ?? []),
    );
  }

  get extras(): CookieExtras {
    const { news } = this.#known;
    return {
      isPending: news !== undefined && (news !== "none" || this.#isPresent),
      send: (exchange) => this.#sendNews(exchange),
    };
  }

  #open(value: string, reject: (reason: Rejection) => void): void {
    const { sealer, binding, maxStalenessMs, now } = this.#tools;
    const opening = sealer.open(value, binding);
    const snapshot = opening.kind === "opened" ? readSnapshot(opening.text) : undefined;
    if (snapshot === undefined) reject(opening.kind === "opened" ? "malformed" : opening.kind);
    else if (Math.abs(now() - snapshot.takenAt) < maxStalenessMs) this.#known.bring(snapshot);
  }

  /** It is of no use for longer, whatever the session's own lifetime. */
  #sendNews(exchange: Exchange): void {
    const { snapshot, sealer, binding, maxStalenessMs } = this.#tools;
    const { news } = this.#known;
    if (news === undefined) return;
    const text = news === "none" ? undefined : snapshotText(news);
    if (text !== undefined && this.#fits(text)) {
      snapshot.send(exchange, sealer.seal(text, binding), maxStalenessMs);
    } else if (this.#isPresent) snapshot.expire(exchange);
  }

  #fits(text: string): boolean {
    const length = sealedLength(Buffer.byteLength(text));
    return length + this.#tools.snapshot.cookieName.length <= USUAL_COOKIE_BYTES;
  }
}
