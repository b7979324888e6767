import { StoreError, type StoreOperation } from "../../core/errors.ts";
import type { StoreCall, StoreProfile } from "../../core/store.ts";
import { untilAborted } from "../../core/waiting.ts";
import { exptimeOf } from "../../stores/memcached/lifetime.ts";
import type { Row } from "../foreign/foreign-sessions.ts";
import { type MemcachedSource, memcachedAddress } from "./memcached-address.ts";
import { type Answer, MemcachedLine } from "./memcached-line.ts";
import { type ForeignPlace, type Named, NO_END } from "./place.ts";

/** How a framework's client keeps its sessions in Memcached. */
export interface MemcachedPlace extends Named {
  /** What its client marks a new item with; an item that is there keeps its own. */
  readonly flags: number;
}

/** What stands under a key. */
interface Found {
  readonly row: Row;
  readonly flags: string;
  readonly cas: string;
}

/**
 * A framework's sessions in one Memcached of version 1.6 or later. The Node packages can neither give
 * whatever bytes nor keep an item's flags, so that this speaks to the server on a connection of its own.
 */
export function memcachedRows(source: MemcachedSource, place: MemcachedPlace): ForeignPlace {
  const line = new MemcachedLine(memcachedAddress(source));
  const find = async (
    operation: StoreOperation,
    key: string,
    call: StoreCall,
  ): Promise<Found | undefined> => {
    const command = Buffer.from(`mg ${key} v f c t\r\n`);
    return foundIn(await asked(line, operation, call, command), call);
  };
  const store = async (
    operation: StoreOperation,
    call: StoreCall,
    { key, row, marks }: ToStore,
  ): Promise<boolean> => {
    const exptime = row.endsAt === undefined ? 0 : exptimeOf(row.endsAt, call.now);
    const head = `ms ${key} ${row.bytes.length} T${exptime} ${marks}\r\n`;
    const command = Buffer.concat([Buffer.from(head), row.bytes, Buffer.from("\r\n")]);
    return isDone(await asked(line, operation, call, command));
  };
  /** What stands under a key, where that is exactly these bytes. */
  const exactly = async (
    operation: StoreOperation,
    key: string,
    before: Uint8Array,
    call: StoreCall,
  ): Promise<Found | undefined> => {
    const found = await find(operation, key, call);
    return found !== undefined && Buffer.compare(found.row.bytes, before) === 0 ? found : undefined;
  };
  const replace: ForeignPlace["replace"] = async (name, before, row, call) => {
    const key = keyIn(place, name);
    const found = key && (await exactly("update", key, before, call));
    if (!key || !found) return false;
    return store("update", call, { key, row, marks: `F${found.flags} C${found.cas}` });
  };
  return {
    profile: PROFILE,
    async read(name, call) {
      const key = keyIn(place, name);
      return key === undefined ? undefined : (await find("load", key, call))?.row;
    },
    async insert(name, row, call) {
      const key = keyIn(place, name);
      if (key === undefined) return false;
      return store("create", call, { key, row, marks: `F${place.flags} ME` });
    },
    replace,
    async remove(name, before, call) {
      const key = keyIn(place, name);
      if (key === undefined) return false;
      const found = before && (await exactly("end", key, before, call));
      if (before !== undefined && found === undefined) return false;
      const mark = found === undefined ? "" : ` C${found.cas}`;
      return isDone(await asked(line, "end", call, Buffer.from(`md ${key}${mark}\r\n`)));
    },
    // Written again, as only that can be told to happen to exactly these bytes.
    extend: (name, before, endsAt, call) => replace(name, before, { bytes: before, endsAt }, call),
    async prepare(call) {
      await asked(line, "prepare", call, Buffer.from("mn\r\n"));
    },
  };
}

interface ToStore {
  readonly key: string;
  readonly row: Row;
  readonly marks: string;
}

const MAX_KEY_BYTES = 250;

/** The key as the server takes it; another would be no key, or the end of the command. */
function keyIn({ keyFor }: Named, name: string): string | undefined {
  const key = keyFor(name);
  const isKey = !/[\p{Cc}\p{Z}]/u.test(key) && key.isWellFormed() && key !== "";
  return isKey && Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : undefined;
}

async function asked(
  line: MemcachedLine,
  operation: StoreOperation,
  { signal }: StoreCall,
  command: Uint8Array,
): Promise<Answer> {
  if (signal.aborted) throw new StoreError(operation, "failed", "its time had run out");
  const isRead = operation === "load" || operation === "prepare";
  const late = (): StoreError => {
    line.cut();
    const detail = "Memcached did not answer before the deadline";
    return new StoreError(operation, isRead ? "failed" : "unknown", detail);
  };
  try {
    return refusedOr(await untilAborted(line.send(command), signal, late), operation);
  } catch (cause) {
    if (!isRead || cause instanceof StoreError) throw cause;
    throw new StoreError(operation, "failed", "Memcached gave no answer", { cause });
  }
}

function refusedOr(answer: Answer, operation: StoreOperation): Answer {
  const { words } = answer;
  if (!/^(?:ERROR|CLIENT_ERROR|SERVER_ERROR)$/.test(words[0] ?? "")) return answer;
  throw new StoreError(operation, "failed", `Memcached refused (${words.join(" ")})`);
}

function isDone({ words }: Answer): boolean {
  return words[0] === "HD";
}

function foundIn({ words, value }: Answer, { now }: StoreCall): Found | undefined {
  if (words[0] !== "VA") return undefined;
  const marked = (mark: string): string =>
    words
      .slice(2)
      .find((word) => word.startsWith(mark))
      ?.slice(1) ?? "0";
  const seconds = Number(marked("t"));
  const endsAt = seconds < 0 ? NO_END : now + seconds * 1_000;
  return { row: { bytes: value, endsAt }, flags: marked("f"), cas: marked("c") };
}

const PROFILE: StoreProfile = {
  scope: "network",
  durability: "process",
  readYourWrites: "always",
  eviction: "any",
  caveats: [
    "Memcached drops sessions when its memory is full, and forgets all of them when it stops.",
    "The framework writes without looking: of two requests at once, one there and one here, its own " +
      "may undo what was written here.",
  ],
};
