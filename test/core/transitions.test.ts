import { beforeEach, describe, expect, it } from "vitest";
import { headOf } from "../../src/core/request-head.ts";
import {
  createSessions,
  memoryStore,
  type Session,
  type SessionRecord,
  type SessionStore,
  type Sessions,
  type StoreCall,
  StoreError,
  type Untyped,
} from "../../src/index.ts";

/** What a test does to the store just before one call of a method. */
interface Meddling {
  end?: ((call: StoreCall) => Promise<void>) | undefined;
  update?: ((call: StoreCall) => Promise<void>) | undefined;
}

let inner: ReturnType<typeof memoryStore>;
let meddling: Meddling;
let created: SessionRecord[];
let sessions: Sessions<Partial<Untyped>>;
let cookie: string;

function meddledStore(): SessionStore {
  return {
    profile: inner.profile,
    load: (id, call) => inner.load(id, call),
    create: (record, call) => {
      created.push(record);
      return inner.create(record, call);
    },
    update: async (record, expected, call) => {
      const { update } = meddling;
      meddling.update = undefined;
      await update?.(call);
      return inner.update(record, expected, call);
    },
    end: async (stone, expected, call) => {
      const { end } = meddling;
      meddling.end = undefined;
      await end?.(call);
      return inner.end(stone, expected, call);
    },
  };
}

async function visit(work: (session: Session<Partial<Untyped>>) => unknown): Promise<Response> {
  const request = new Request("https://shop.example/", { headers: { cookie } });
  const response = await sessions.handle(request, async (same) => {
    await work(await sessions.open(same));
    return new Response("ok");
  });
  const [line] = response.headers.getSetCookie();
  if (line !== undefined) cookie = line.slice(0, line.indexOf(";"));
  return response;
}

beforeEach(async () => {
  inner = memoryStore();
  meddling = {};
  created = [];
  cookie = "";
  sessions = createSessions({ store: meddledStore() });
  await visit((session) => session.set("n", 1));
});

/** Another request's write, which arrives just before the old record is ended. */
async function writeToOld(call: StoreCall): Promise<void> {
  const [old] = created;
  if (old === undefined) throw new Error("nothing was created");
  const newer = { ...old, version: `${old.version}x` as typeof old.version, data: '{"n":2}' };
  await inner.update(newer, old.version, call);
}

describe("a new token", () => {
  it("takes along what was written until the old one ended", async () => {
    meddling.end = writeToOld;
    await visit((session) => session.regenerate());
    await visit((session) => expect(session.get("n")).toBe(2));
  });

  it("is not given where its session was ended before it was told to anybody", async () => {
    meddling.end = writeToOld;
    meddling.update = async () => {
      const successor = created.at(-1);
      if (successor !== undefined) await sessions.revoke(successor.id);
    };
    const before = cookie;
    const response = await visit((session) => session.regenerate());
    expect(response.status).toBe(409);
    expect(cookie).toBe(before);
  });

  it("is taken back where the store knows that the old one lives on", async () => {
    meddling.end = async () => {
      throw new StoreError("end", "failed", "the disk is full");
    };
    const before = cookie;
    const response = await visit((session) => session.regenerate());
    expect(response.status).toBe(503);
    expect(cookie).toBe(before);
    const successor = created.at(-1);
    expect(await sessions.find(successor?.id ?? "")).toBeUndefined();
    await visit((session) => expect(session.get("n")).toBe(1));
  });
});

describe("a Node request without a request line", () => {
  it("is a GET of the root", () => {
    const head = headOf({ headers: {}, socket: {} });
    expect([head.method, head.target, head.isEncrypted]).toEqual(["GET", "/", false]);
  });
});
