import type {
  CallbackMemcachedClient,
  MemcachedCallback,
  PromiseMemcachedClient,
} from "./client.ts";
import { Silence } from "./silence.ts";

/** What stands under a key. */
export interface Item {
  readonly text: string;
  /** Changes with every write of the item: `cas` compares it. */
  readonly token: string;
}

/** What is to stand under a key. */
export interface NewItem {
  readonly text: string;
  /** Memcached's own expiry, see `lifetime.ts`. */
  readonly exptime: number;
}

/** The three commands that the store needs, whichever client sends them. */
export interface Items {
  /** `gets`. */
  read(key: string): Promise<Item | undefined>;
  /** `add`: `false`, changing nothing, where something stands. */
  add(key: string, item: NewItem): Promise<boolean>;
  /** `cas`: `false`, changing nothing, where the token is another by now, or nothing stands. */
  replace(key: string, item: NewItem, token: string): Promise<boolean>;
  /** Is told that what was sent at that moment (`performance.now()`) had no answer in its time. */
  onLate(key: string, sentAt: number): void;
}

/** The items of a `memcache-client`. It rejects with the server's word where nothing is stored. */
export function promiseItems(client: PromiseMemcachedClient): Items {
  return {
    async read(key) {
      const found = await client.gets(key);
      return found === undefined ? undefined : itemOf(found, "value", "casUniq");
    },
    add: (key, { text, exptime }) =>
      isStored(client.add(key, text, { lifetime: exptime }), ["NOT_STORED"]),
    replace: (key, { text, exptime }, token) =>
      isStored(client.cas(key, text, { lifetime: exptime, casUniq: token }), [
        "EXISTS",
        "NOT_FOUND",
      ]),
    // It cuts a silent connection off by itself, after `cmdTimeout`.
    onLate: () => undefined,
  };
}

async function isStored(sent: Promise<unknown>, refusals: readonly string[]): Promise<boolean> {
  try {
    const answer = await sent;
    if (Array.isArray(answer) && answer[0] === "STORED") return true;
  } catch (error) {
    if (error instanceof Error && refusals.includes(error.message)) return false;
    throw error;
  }
  throw new Error("The Memcached client gave an answer that the store does not know.");
}

/**
 * The items of a `memcached` client. It never calls back for what was on its way when a connection
 * broke: whoever asks stops waiting at the deadline. Nor does it ever give a connection up that it
 * goes on writing to, so that is done here.
 */
export function callbackItems(client: CallbackMemcachedClient): Items {
  const silence = new Silence(client);
  const answered = async (key: string, send: Send): Promise<unknown> => {
    const answer = await answerOf(send);
    silence.onAnswer(key);
    return answer;
  };
  return {
    onLate: (key, sentAt) => silence.onLate(key, sentAt),
    async read(key) {
      const found = await answered(key, (callback) => client.gets(key, callback));
      if (found === undefined) return undefined;
      const valueKey = Object.keys(Object(found)).find((name) => name !== "cas");
      return itemOf(found, valueKey ?? "", "cas");
    },
    async add(key, { text, exptime }) {
      try {
        const answer = await answered(key, (callback) => client.add(key, text, exptime, callback));
        if (answer === true) return true;
      } catch (error) {
        if (error instanceof Error && "notStored" in error) return false;
        throw error;
      }
      // It says `false` for what the server could not do; a key that is taken is an error to it.
      throw new Error("Memcached did not store the item.");
    },
    // `false` is EXISTS, NOT_FOUND or a server's trouble: in each case nothing was written.
    async replace(key, { text, exptime }, token) {
      const send: Send = (callback) => client.cas(key, text, token, exptime, callback);
      return (await answered(key, send)) === true;
    },
  };
}

type Send = (callback: MemcachedCallback) => void;

function answerOf(send: Send): Promise<unknown> {
  return new Promise((resolve, reject) => {
    send((error, answer) => {
      if (error === undefined || error === null) resolve(answer);
      else reject(Array.isArray(error) ? error[0] : error);
    });
  });
}

function itemOf(found: unknown, textName: string, tokenName: string): Item {
  const members: Readonly<Record<string, unknown>> = Object(found);
  const text = members[textName];
  const token = members[tokenName];
  if (typeof text === "string" && typeof token === "string") return { text, token };
  throw new Error("The Memcached client gave no text with a cas token.");
}
