import { StoreError } from "../../../src/core/errors.ts";
import type { StoredSession } from "../../../src/core/record.ts";
import type { SessionStore } from "../../../src/core/store.ts";
import { storedFrom } from "../../../src/core/stored-session.ts";
import type { SessionId } from "../../../src/core/token.ts";
import { createSessions, memoryStore, type Sessions, type Untyped } from "../../../src/index.ts";
import { encrypted } from "../../../src/stores/encrypted/index.ts";
import { headOf, nameOf, parseHead } from "../../../src/stores/file/heads.ts";
import * as files from "../../../src/stores/file/records.ts";
import * as memcached from "../../../src/stores/memcached/values.ts";
import * as redis from "../../../src/stores/redis/records.ts";
import { Browser } from "../../laws/support/browser.ts";
import { freshKey } from "../../sealing/support/keys.ts";
import { bytesOf, Finding, type Subject, type Target, type Verdict } from "../target.ts";

/** How a store writes a session, and reads it again. */
export interface Format {
  write(stored: StoredSession): string;
  read(id: SessionId, text: string): StoredSession | undefined;
}

const TEXT = "what only Ada should have read";
const NOW = Date.UTC(2030, 0, 1);
const KEYS = [freshKey()];

/** A store that keeps everything, and answers each load with what a text reads as. */
class Doctored {
  readonly memory = memoryStore();
  readonly store: SessionStore;
  readonly #format: Format;
  text: string | undefined;

  constructor(format: Format) {
    this.#format = format;
    const { memory } = this;
    this.store = {
      profile: memory.profile,
      load: async (id, call) => {
        return this.text === undefined ? memory.load(id, call) : format.read(id, this.text);
      },
      create: (...given) => memory.create(...given),
      update: (...given) => memory.update(...given),
      end: (...given) => memory.end(...given),
    };
  }

  async written(id: SessionId): Promise<string> {
    const call = { now: NOW, signal: AbortSignal.timeout(60_000) };
    const stored = await this.memory.load(id, call);
    if (stored === undefined) throw new Error("There is no such session.");
    return this.#format.write(stored);
  }
}

/** What becomes of a session whose record is some text. */
export class Damaged {
  readonly seeds: Buffer[] = [];
  readonly #doctored: Doctored;
  readonly #sessions: Sessions<Untyped>;
  readonly #isSealed: boolean;
  #headers = new Headers();

  constructor(format: Format, isSealed: boolean) {
    this.#isSealed = isSealed;
    this.#doctored = new Doctored(format);
    const { store } = this.#doctored;
    this.#sessions = createSessions<Untyped>({
      store: isSealed ? encrypted(store, KEYS) : store,
      clock: { now: () => NOW },
      onError: () => undefined,
    }) as Sessions<Untyped>;
  }

  async prepare(): Promise<this> {
    await this.#session("bob");
    const browser = await this.#session("ada");
    this.#headers = new Headers({ cookie: [...browser.jar].map((pair) => pair.join("=")).join() });
    return this;
  }

  async attempt(input: Buffer): Promise<Verdict> {
    this.#doctored.text = input.toString("utf8");
    try {
      const view = await this.#sessions.read(this.#headers);
      if (view === undefined) return "refused";
      this.#check(view);
      return "taken";
    } catch (error) {
      if (error instanceof StoreError) return "refused";
      throw error;
    } finally {
      this.#doctored.text = undefined;
    }
  }

  async #session(user: string): Promise<Browser> {
    const browser = new Browser(this.#sessions);
    const { json } = await browser.visit(async (session) => {
      session.set("text", TEXT);
      session.flash("notice", "hello");
      await session.signIn(user, { factors: ["password"], label: "phone", persistent: true });
      return session.id;
    });
    this.seeds.push(Buffer.from(await this.#doctored.written(json as SessionId)));
    return browser;
  }

  #check(view: NonNullable<Awaited<ReturnType<Sessions<Untyped>["read"]>>>): void {
    const { userId, createdAt, lastSeenAt, expiresAt, endsAt, authenticatedAt } = view;
    const text = view.get("text");
    if (userId !== undefined && typeof userId !== "string") throw new Finding("a user of no text");
    const times = [createdAt, lastSeenAt, expiresAt, endsAt, authenticatedAt ?? 0];
    if (!times.every((time) => Number.isFinite(time))) throw new Finding("a time that is none");
    if (NOW >= expiresAt) throw new Finding("it is over");
    // Whatever an application asks of it has an answer.
    [...view.entries(), view.label, view.place, view.factors, view.isFresh("5m")];
    view.isFresh("5m", { factors: ["password"] });
    if (this.#isSealed && (userId !== "ada" || text !== TEXT || createdAt !== NOW)) {
      throw new Finding("what was sealed is another");
    }
  }

  close(): Promise<void> {
    return this.#sessions.close();
  }
}

const FORMATS: Readonly<Record<"redis" | "memcached" | "file" | "bridges", Format>> = {
  redis: {
    write: (stored) =>
      stored.kind === "live" ? redis.recordText(stored) : redis.tombstoneText(stored),
    read: (id, text) => redis.storedOf(id, text, NOW),
  },
  memcached: { write: memcached.textOf, read: memcached.storedOf },
  /** The head's name, and the file in it. */
  file: {
    write: (stored) => `${nameOf(headOf(stored, 0))}\n${files.textOf(stored)}`,
    read: (id, text) => {
      const [name = "", ...lines] = text.split("\n");
      const head = parseHead(name);
      return head && files.storedOf(id, head, lines.join("\n"));
    },
  },
  bridges: {
    write: (stored) => JSON.stringify(stored),
    read: (id, text) => storedFrom(parsed(text), id),
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const PIECES = bytesOf(
  ...["null", "true", "0", "-1", "1e999", "{}", "[]", '""', '"__proto__":{"userId":"eve"}', "NaN"],
  ...['"userId":"eve",', '"kind":"ended"', '"notes":null', '"data":{}', "\\n", "\\e", "\n", ","],
  ...["A", "I", "T", "P", "F", "D", "N", "zzzzzzzzz", "s_", "\ud800", '"a":', '"k":', '"g":'],
);

export async function damaged(format: Format, isSealed = false): Promise<Subject> {
  const subject = await new Damaged(format, isSealed).prepare();
  return {
    seeds: subject.seeds,
    pieces: PIECES,
    attempt: (input) => subject.attempt(input),
    close: () => subject.close(),
  };
}

export const records: readonly Target[] = [
  ...Object.entries(FORMATS).map(([name, format]) => ({
    name: `records as ${name} keeps them`,
    share: 15,
    open: () => damaged(format),
  })),
  {
    name: "records that are encrypted",
    share: 10,
    open: () => damaged(FORMATS.bridges, true),
  },
];
