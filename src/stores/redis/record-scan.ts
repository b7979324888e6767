import type { StoreOperation } from "../../core/errors.ts";
import type { EpochMs, SessionRecord } from "../../core/record.ts";
import type { ScanPage, StoreCall } from "../../core/store.ts";
import { parseId, type SessionId } from "../../core/token.ts";
import type { Commands } from "./commands.ts";
import type { Command } from "./driver.ts";
import type { Keys } from "./keys.ts";
import { isLive, managerLine, ownerIn, storedOf, timeText } from "./records.ts";
import { listIn, numberOrTextIn, textIn, textsIn, Unforeseen } from "./replies.ts";
import { ARE_LIVE, HEAD_BYTES } from "./scripts.ts";

/** Keys that one step looks at: about a millisecond of the server's time. */
const STEP = 1_000;
/** Ids that one walk over all keys keeps for the pages that follow. */
const KEPT = 20_000;
/** How long they are good for, so that a page misses nothing that was created long before. */
const KEPT_MS = 60_000;

/** The following candidates of a scan, kept for the next page. */
interface Rest {
  readonly manager: string;
  readonly after: SessionId;
  readonly ids: readonly SessionId[];
  readonly isAll: boolean;
  readonly foundAt: number;
}

/** Ids after another, in order; `isAll` unless there are more. */
interface Candidates {
  readonly ids: readonly SessionId[];
  readonly isAll: boolean;
}

/**
 * All records of a manager. There is no index of them, as it would take a hundred bytes a session:
 * every key is looked at, in small steps.
 */
export class RecordScan {
  readonly #commands: Commands;
  readonly #keys: Keys;
  #rest: Rest | undefined;

  constructor(commands: Commands, keys: Keys) {
    this.#commands = commands;
    this.#keys = keys;
  }

  async page({ manager, after, limit }: ScanPage, call: StoreCall): Promise<SessionRecord[]> {
    const kept = this.#kept(manager, after);
    const foundAt = kept?.foundAt ?? performance.now();
    let candidates: Candidates = kept ?? (await this.#candidates(after, call));
    const page: SessionRecord[] = [];
    while (page.length < limit) {
      const wanted = candidates.ids.slice(0, limit - page.length);
      const last = wanted.at(-1);
      if (last === undefined) break;
      page.push(...(await this.#records(manager, wanted, call)));
      const ids = candidates.ids.slice(wanted.length);
      const isUsedUp = ids.length === 0 && !candidates.isAll;
      candidates = isUsedUp ? await this.#candidates(last, call) : { ...candidates, ids };
    }
    this.#keep(manager, page.at(-1)?.id, { ...candidates, foundAt });
    return page;
  }

  async count(manager: string, call: StoreCall): Promise<number> {
    const line = managerLine(manager);
    const found = new Set<SessionId>();
    await this.#walk("count", call, async (ids) => {
      if (ids.length === 0) return;
      const live = this.#commands.isCluster
        ? await this.#liveOneByOne(line, ids, call)
        : await this.#live(line, ids, call);
      for (const id of live) found.add(id);
    });
    return found.size;
  }

  #live(line: string, ids: readonly SessionId[], call: StoreCall): Promise<readonly SessionId[]> {
    const keys = ids.map((id) => this.#keys.record(id));
    const sent = { script: ARE_LIVE, args: [timeText(call.now), line] };
    return this.#commands.runOn("count", call, keys, sent, (reply) => {
      const flags = textIn(reply) ?? "";
      if (flags.length !== ids.length) throw new Unforeseen("Redis counts something else");
      return ids.filter((_, place) => flags[place] === "1");
    });
  }

  // In a Cluster each key is in a slot of its own.
  async #liveOneByOne(
    line: string,
    ids: readonly SessionId[],
    call: StoreCall,
  ): Promise<readonly SessionId[]> {
    const last = String(HEAD_BYTES + Buffer.byteLength(line));
    const areLive = await this.#commands.askAbout("count", call, ids, {
      command: (id) => ["getrange", this.#keys.record(id), "0", last],
      read: (reply) => isLiveOf(textIn(reply), line, call.now),
    });
    return ids.filter((_, place) => areLive[place]);
  }

  #kept(manager: string, after: SessionId | undefined): Rest | undefined {
    const rest = this.#rest;
    const isNext = rest !== undefined && rest.manager === manager && rest.after === after;
    return isNext && performance.now() - rest.foundAt < KEPT_MS ? rest : undefined;
  }

  // Where there is little left, another walk is cheap, and sees what is new.
  #keep(
    manager: string,
    after: SessionId | undefined,
    rest: Candidates & Pick<Rest, "foundAt">,
  ): void {
    const isWorthIt = after !== undefined && rest.ids.length > STEP;
    this.#rest = isWorthIt ? { manager, after, ...rest } : undefined;
  }

  async #candidates(after: SessionId | undefined, call: StoreCall): Promise<Candidates> {
    const first = new FirstIds(after);
    await this.#walk("scan", call, async (found) => first.add(found));
    return first.result();
  }

  async #records(
    manager: string,
    ids: readonly SessionId[],
    call: StoreCall,
  ): Promise<SessionRecord[]> {
    const found = await this.#commands.askAbout("scan", call, ids, {
      command: (id) => ["get", this.#keys.record(id)],
      read: (reply, id) => storedOf(id, textIn(reply), call.now),
    });
    return found
      .filter((stored) => stored?.kind === "live")
      .filter((record) => record.manager === manager);
  }

  /** Every id, of whichever manager; some of them twice. */
  async #walk(
    operation: StoreOperation,
    call: StoreCall,
    visit: (ids: readonly SessionId[]) => Promise<void>,
  ): Promise<void> {
    const { pattern } = this.#keys;
    const options = ["match", pattern, "count", String(STEP)];
    const masters = await this.#commands.with(operation, call, (driver) => driver.masters());
    const walks = masters.map(async (master) => {
      let cursor = "0";
      do {
        const command: Command = ["scan", cursor, ...options];
        const [next, keys] = await this.#commands.with(operation, call, async () =>
          pageIn(await master(command, call.signal)),
        );
        cursor = next;
        // What another program keeps under the prefix is no session.
        const ids = keys.map((key) => parseId(this.#keys.idIn(key)));
        await visit(ids.filter((id) => id !== undefined));
      } while (cursor !== "0");
    });
    await Promise.all(walks);
  }
}

/** The first ids after one, of those that it is shown in no order. */
class FirstIds {
  readonly #after: SessionId | undefined;
  #ids: SessionId[] = [];
  /** What sorts after this is not among the first. */
  #last: SessionId | undefined;

  constructor(after: SessionId | undefined) {
    this.#after = after;
  }

  add(ids: readonly SessionId[]): void {
    const [after, last] = [this.#after, this.#last];
    this.#ids.push(
      ...ids.filter(
        (id) => (after === undefined || id > after) && (last === undefined || id <= last),
      ),
    );
    if (this.#ids.length >= 2 * KEPT) this.#cut();
  }

  result(): Candidates {
    this.#cut();
    return { ids: this.#ids, isAll: this.#last === undefined };
  }

  #cut(): void {
    const sorted = [...new Set(this.#ids)].sort((one, other) => (one < other ? -1 : 1));
    this.#ids = sorted.slice(0, KEPT);
    if (sorted.length > KEPT) this.#last = this.#ids.at(-1);
  }
}

/** A cursor, and keys. */
function pageIn(reply: unknown): readonly [string, readonly string[]] {
  const [cursor, keys] = listIn(reply);
  return [String(numberOrTextIn(cursor)), textsIn(keys)];
}

function isLiveOf(head: string | undefined, line: string, now: EpochMs): boolean {
  if (head === undefined || !isLive(head)) return false;
  const isOf = ownerIn(head).startsWith(`${line}\n`);
  return isOf && Number.parseInt(head.slice(1, 10), 36) > now;
}
