import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  createSessions,
  memoryStore,
  OptionsError,
  type SessionStore,
  type Sessions,
  StoreError,
  type Untyped,
} from "../../src/index.ts";
import { encrypted, type KeyList } from "../../src/stores/encrypted/index.ts";
import { recordAt } from "../../src/testing/store/fixtures.ts";

const freshKey = (): string => randomBytes(32).toString("base64url");
const LEAKED = freshKey();
const FRESH = freshKey();
const NOW = 1_800_000_000_000;
const call = { now: NOW, signal: new AbortController().signal };

type Manager = Sessions<Partial<Untyped>>;

/** A visit to the shop, which shows a page, and signs in where it is told to. */
async function visit(
  sessions: Manager,
  cookie: string | undefined,
  signIn?: string,
): Promise<{ status: number; cookie: string | undefined; userId: string | undefined; id: string }> {
  const headers: Record<string, string> = cookie === undefined ? {} : { cookie };
  let [userId, id]: [string | undefined, string] = [undefined, ""];
  const response = await sessions.handle(
    new Request("https://shop.example/", { headers }),
    async (request) => {
      const session = await sessions.open(request);
      if (signIn !== undefined) await session.signIn(signIn);
      ({ userId, id } = session);
      return new Response("ok");
    },
  );
  const [sent] = response.headers.getSetCookie();
  return { status: response.status, cookie: sent?.split(";")[0], userId, id };
}

/** A store with a session of alice's under the leaked key, and what the application has since. */
async function leaked(retired: KeyList, keys: KeyList = FRESH) {
  const inside: SessionStore = memoryStore();
  const before = createSessions({ store: encrypted(inside, LEAKED) });
  const alice = await visit(before, undefined, "alice");
  const sessions = createSessions({ store: encrypted(inside, keys, { retired }) });
  const rejected: string[] = [];
  sessions.on("rejected", ({ reason }) => rejected.push(reason));
  return { inside, sessions, alice, rejected };
}

async function leakedId(): Promise<string> {
  const inside = memoryStore();
  const record = recordAt(NOW, { manager: "shop" });
  await encrypted(inside, LEAKED).create(record, call);
  const error: unknown = await encrypted(inside, FRESH)
    .load(record.id, call)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return /, (A[\w-]{7});/.exec(error instanceof StoreError ? error.message : "")?.[1] ?? "";
}

describe("a key that is retired", () => {
  it.each([
    ["itself", async () => [LEAKED]],
    ["its id, as the error tells it", async () => [await leakedId()]],
    ["alone, and not in a list", async () => LEAKED],
  ])("is named by %s, and its visitors begin anew", async (_, name) => {
    const { sessions, alice, rejected } = await leaked(await name());
    const page = await visit(sessions, alice.cookie);
    expect(page).toMatchObject({ status: 200, userId: undefined });
    expect(rejected).toEqual(["unknownKey"]);
    const again = await visit(sessions, alice.cookie, "alice");
    expect(again).toMatchObject({ status: 200, userId: "alice" });
    expect(await visit(sessions, again.cookie)).toMatchObject({ status: 200, userId: "alice" });
    expect(rejected).toEqual(["unknownKey", "unknownKey"]);
  });

  it("shows nothing to a read without an adapter", async () => {
    const { sessions, alice } = await leaked([LEAKED]);
    const headers = new Headers({ cookie: alice.cookie ?? "" });
    expect(await sessions.read(headers)).toBeUndefined();
  });

  it("leaves its sessions to be found, listed and revoked", async () => {
    const { sessions, alice } = await leaked([LEAKED]);
    const known = { id: alice.id, userId: "alice" };
    expect(await sessions.find(alice.id)).toMatchObject(known);
    expect(await sessions.list({ userId: "alice" })).toMatchObject([known]);
    expect(await sessions.revoke(alice.id, { userId: "alice" })).toBe(true);
    expect(await sessions.list({ userId: "alice" })).toEqual([]);
  });

  it("leaves its sessions to be ended with all others of a user, or all but one", async () => {
    for (const spares of [false, true]) {
      const { inside, sessions, alice } = await leaked([LEAKED]);
      const fresh = await visit(sessions, undefined, "alice");
      const except = spares ? { except: fresh.id } : {};
      expect(await sessions.revokeAll({ userId: "alice", ...except })).toBe(spares ? 1 : 2);
      const old = await inside.load(alice.id as never, { ...call, now: Date.now() });
      expect(old).toMatchObject({ kind: "ended", reason: "revoked" });
      const after = await visit(sessions, fresh.cookie);
      expect(after.userId).toBe(spares ? "alice" : undefined);
    }
  });

  it("is no key that has only been forgotten: that is an error", async () => {
    const { sessions, alice } = await leaked([freshKey()]);
    expect(await visit(sessions, alice.cookie)).toMatchObject({ status: 503 });
  });

  it("seals nothing, though a function of keys returns it", async () => {
    let keys: KeyList = FRESH;
    const store = encrypted(memoryStore(), () => keys, { retired: [LEAKED] });
    keys = LEAKED;
    const creating = store.create(recordAt(NOW, { manager: "shop" }), call);
    await expect(creating).rejects.toMatchObject({ name: "StoreError", outcome: "failed" });
  });

  it.each([
    ["is in keys too", () => encrypted(memoryStore(), [FRESH, LEAKED], { retired: [LEAKED] })],
    ["is none", () => encrypted(memoryStore(), FRESH, { retired: ["changeme"] })],
    // @ts-expect-error it is a list
    ["is a flag", () => encrypted(memoryStore(), FRESH, { retired: true })],
  ])("is refused where it %s", (_, wrap) => {
    expect(wrap).toThrow(OptionsError);
  });
});
