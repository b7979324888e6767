import assert from "node:assert/strict";
import type { SessionRecord } from "../../core/record.ts";
import type { Directory, SessionStore, UserKey } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { factsOf, freshCommit, freshId, RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
import { type Stage, type Tell, withDirectory } from "./stage.ts";

const MINUTE_MS = 60_000;
const ROUNDS = 10;

export function tellGenerations(tell: Tell): void {
  tell(
    "are 0 at first",
    withDirectory(async (stage, directory) => {
      assert.equal(await directory.generation(stage.user(), stage.call), 0);
    }),
  );

  tell(
    "rise, and never come back to an earlier value",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const values = [await directory.generation(user, stage.call)];
      for (let raise = 0; raise < 3; raise += 1) {
        await directory.raiseGeneration(user, stage.call);
        values.push(await directory.generation(user, stage.call));
      }
      assert.equal(new Set(values).size, 4);
      assert.deepEqual(
        values,
        values.toSorted((one, other) => one - other),
      );
    }),
  );

  tell(
    "resolve to the new one when they rise, which is no earlier than the time",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const raised = await directory.raiseGeneration(user, stage.call);
      assert.ok(raised >= stage.now);
      assert.equal(await directory.generation(user, stage.call), raised);
      assert.ok((await directory.raiseGeneration(user, stage.call)) > raised);
    }),
  );

  tell(
    "are kept as long as they are asked to, and rise above what was forgotten",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const keepUntil = stage.now + 2 * MINUTE_MS;
      const raised = await directory.raiseGeneration(user, stage.call, keepUntil);
      // An earlier wish does not shorten a later one.
      const again = await directory.raiseGeneration(user, stage.call, stage.now + MINUTE_MS);
      assert.ok(again > raised);
      await stage.advance(MINUTE_MS + MINUTE_MS / 2);
      assert.equal(await directory.generation(user, stage.call), again);
      await stage.advance(MINUTE_MS);
      const left = await directory.generation(user, stage.call);
      assert.ok(left === 0 || left === again);
      assert.ok((await directory.raiseGeneration(user, stage.call)) > again);
    }),
  );

  tell(
    "move when many raise at once",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const before = await directory.generation(user, stage.call);
      const raises = stage.handles.map((handle) => handle.directory ?? directory);
      await Promise.all(raises.map((each) => each.raiseGeneration(user, stage.call)));
      assert.ok((await directory.generation(user, stage.call)) > before);
    }),
  );

  tell(
    "are each user's own, within one manager",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      await directory.raiseGeneration(user, stage.call);
      for (const other of [stage.user(), { ...user, manager: `${user.manager}-2` }]) {
        assert.equal(await directory.generation(other, stage.call), 0);
      }
    }),
  );

  tell(
    "let no sign-in slip past one that revokes everything",
    withDirectory(async (stage, directory) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const user = stage.user();
        const theirs = stage.handles[1].directory ?? directory;
        const signIns = Array.from({ length: 4 }, () => signIn(stage, theirs, user.userId));
        const revoking = revokeAll(stage, directory, user);
        const [, ...admitted] = await Promise.all([revoking, ...signIns]);
        const newest = await directory.generation(user, stage.call);
        const live = await directory.list(user, stage.call);
        const earlier = admitted.filter(({ generation }) => generation !== newest);
        const survivors = earlier.filter(({ id }) => live.some((record) => record.id === id));
        assert.deepEqual(survivors, []);
      }
    }),
  );
}

/** Ends all as core does: raises the generation, then ends until nothing is left to end. */
async function revokeAll(stage: Stage, directory: Directory, user: UserKey): Promise<void> {
  await directory.raiseGeneration(user, stage.call);
  while ((await directory.endAll(user, stage.endAll(), stage.call)).length > 0);
}

/**
 * Gives a session new tokens as core does, until that is refused: creates the next record, reads the
 * generation, gives way if it moved, and else ends the record before in its favour.
 */
async function regenerateOn(
  stage: Stage,
  store: SessionStore & { readonly directory: Directory },
  first: SessionRecord,
  user: UserKey,
): Promise<void> {
  const generation = await store.directory.generation(user, stage.call);
  for (let record = first; ; ) {
    const next = stage.record({ userId: user.userId });
    await store.create(next, stage.call);
    const isMoved = (await store.directory.generation(user, stage.call)) !== generation;
    const stone = stage.tombstone(record, { reason: "regenerated", next: next.id });
    const isOver = isMoved || (await store.end(stone, undefined, stage.call)).kind !== "ended";
    if (isOver) {
      await store.end(stage.tombstone(next), undefined, stage.call);
      return;
    }
    record = next;
  }
}

/** Signs in as core does: reads the generation, creates, reads it again, gives way if it moved. */
async function signIn(
  stage: Stage,
  directory: Directory,
  userId: string,
): Promise<{ readonly id: SessionId; readonly generation: number }> {
  const [, other] = stage.handles;
  const user = stage.user(userId);
  const generation = await directory.generation(user, stage.call);
  const record = stage.record({ userId });
  await other.create(record, stage.call);
  const isMoved = (await directory.generation(user, stage.call)) !== generation;
  if (isMoved) await other.end(stage.tombstone(record), undefined, stage.call);
  return { id: record.id, generation };
}

/** Checks a list; the application's data may be left out of it. */
export async function shows(
  stage: Stage,
  directory: Directory,
  user: UserKey,
  records: readonly SessionRecord[],
): Promise<void> {
  const listed = await directory.list(user, stage.call);
  assert.deepEqual(listed.map(factsOf), records.map(factsOf));
}

export function tellListing(tell: Tell): void {
  tell(
    "shows the user's live records, most recently seen first",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const minutes = [2, 5, 3, 1, 4];
      const records = await Promise.all(
        minutes.map((minute) => createdAt(stage, user.userId, minute)),
      );
      const newestFirst = records.toSorted((one, other) => other.lastSeenAt - one.lastSeenAt);
      await shows(stage, directory, user, newestFirst);
    }),
  );

  tell(
    "leaves out who has ended, who has expired, and who is somebody else",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const { userId } = user;
      const ended = await stage.created({ userId });
      await stage.store.end(stage.tombstone(ended), undefined, stage.call);
      await stage.created({ userId, expiresAt: stage.now + MINUTE_MS });
      await stage.created({ userId: `${userId}-2` });
      await stage.created();
      await stage.created({ userId, manager: `${stage.manager}-2` });
      const kept = await stage.created({ userId });
      await stage.advance(2 * MINUTE_MS);
      await shows(stage, directory, user, [kept]);
    }),
  );

  tell(
    "follows a record whose user changes",
    withDirectory(async (stage, directory) => {
      const [alice, bob] = [stage.user(), stage.user()];
      const anonymous = await stage.created();
      const hers = successorOf(anonymous, { userId: alice.userId });
      await stage.store.update(hers, anonymous.version, stage.call);
      await shows(stage, directory, alice, [hers]);
      const his = successorOf(hers, { userId: bob.userId });
      await stage.store.update(his, hers.version, stage.call);
      await shows(stage, directory, alice, []);
      await shows(stage, directory, bob, [his]);
      const nobodys = successorOf(his, { userId: undefined });
      await stage.store.update(nobodys, his.version, stage.call);
      await shows(stage, directory, bob, []);
    }),
  );

  tell(
    "shows what a touch and an update have made of a record",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const record = await stage.created({ userId: user.userId });
      const later = {
        lastSeenAt: stage.now + MINUTE_MS,
        expiresAt: stage.now + 2 * RECORD_LIFE_MS,
      };
      await stage.store.touch?.(record.id, later, stage.call);
      const seen = stage.store.touch === undefined ? {} : later;
      await shows(stage, directory, user, [{ ...record, ...seen }]);
      const after = successorOf(record, { ...later, data: '{"theme":"light"}' });
      await stage.store.update(after, record.version, stage.call);
      await shows(stage, directory, user, [after]);
      await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
      await shows(stage, directory, user, [after]);
    }),
  );
}

async function createdAt(stage: Stage, userId: string, minute: number): Promise<SessionRecord> {
  return stage.created({ userId, lastSeenAt: stage.now + minute * MINUTE_MS });
}

export function tellEndingAll(tell: Tell): void {
  tell(
    "ends the user's live records, whatever their versions, and resolves to their ids",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const first = await stage.created({ userId: user.userId });
      const second = await stage.created({ userId: user.userId });
      await stage.store.update(successorOf(second), second.version, stage.call);
      const end = stage.endAll();
      const ids = await directory.endAll(user, end, stage.call);
      assert.deepEqual(ids.toSorted(), [first.id, second.id].toSorted());
      for (const { id, manager } of [first, second]) {
        const { version, reason, endedAt, expiresAt } = end;
        const ended = { version, reason, endedAt, expiresAt, next: undefined, notes: undefined };
        await stage.sees(id, { kind: "ended", id, manager, ...ended });
      }
      await shows(stage, directory, user, []);
    }),
  );

  tell(
    "leaves what it is told to note on every tombstone, or on none",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const record = await stage.created({ userId: user.userId });
      const notes = JSON.stringify({ u: user.userId });
      await directory.endAll(user, stage.endAll({ notes }), stage.call);
      const found = await stage.found(record.id, (stored) => stored?.kind === "ended");
      assert.ok(found?.kind === "ended" && [notes, undefined].includes(found.notes));
    }),
  );

  tell(
    "spares the one it is told to spare",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const spared = await stage.created({ userId: user.userId });
      const other = await stage.created({ userId: user.userId });
      const end = stage.endAll({ except: spared.id });
      assert.deepEqual(await directory.endAll(user, end, stage.call), [other.id]);
      await stage.sees(spared.id, spared);
    }),
  );

  tell(
    "leaves nothing of a user whose sessions are given new tokens over and over",
    withDirectory(async (stage, directory) => {
      const [, store] = stage.handles;
      const theirs = { ...bound(store), directory: store.directory ?? directory };
      for (let round = 0; round < ROUNDS / 2; round += 1) {
        const user = stage.user();
        const { userId } = user;
        const firsts = await Promise.all([1, 2, 3].map(() => stage.created({ userId })));
        const loops = firsts.map((first) => regenerateOn(stage, theirs, first, user));
        await revokeAll(stage, directory, user);
        const live = await directory.list(user, stage.call);
        await Promise.all(loops);
        // What is listed while a loop is refused was never told to anybody, and is taken back.
        assert.ok(live.length <= firsts.length);
        await shows(stage, directory, user, []);
      }
    }),
  );

  tell(
    "leaves everybody else alone, and an earlier tombstone as it was",
    withDirectory(async (stage, directory) => {
      const user = stage.user();
      const tombstone = await stage.ended();
      const others = [
        await stage.created(),
        await stage.created({ userId: `${user.userId}-2` }),
        await stage.created({ userId: user.userId, manager: `${stage.manager}-2` }),
      ];
      assert.deepEqual(await directory.endAll(user, stage.endAll(), stage.call), []);
      for (const stored of [tombstone, ...others]) await stage.sees(stored.id, stored);
    }),
  );

  tell(
    "keeps every one of them ended that writers race to update",
    withDirectory(async (stage, directory) => {
      const [, other] = stage.handles;
      for (let round = 0; round < ROUNDS; round += 1) {
        const user = stage.user();
        const record = await stage.created({ userId: user.userId });
        const [ids] = await Promise.all([
          directory.endAll(user, stage.endAll(), stage.call),
          other.update(successorOf(record), record.version, stage.call),
        ]);
        assert.deepEqual(ids, [record.id]);
        const after = await stage.store.load(record.id, stage.call);
        assert.equal(after?.kind, "ended");
      }
    }),
  );
}

export function tellScanning(tell: Tell): void {
  tell(
    "shows live records in the order of their ids, page by page",
    withDirectory(async (stage, directory) => {
      const records = await Promise.all(Array.from({ length: 23 }, () => stage.created()));
      const seen: SessionRecord[] = [];
      let after: SessionId | undefined;
      for (let page = 0; page < 10; page += 1) {
        const { manager, call } = stage;
        const found = await directory.scan({ manager, after, limit: 5 }, call);
        assert.ok(found.length <= 5);
        if (found.length === 0) break;
        seen.push(...found);
        after = found.at(-1)?.id;
      }
      const inOrder = records.toSorted((one, other) => (one.id < other.id ? -1 : 1));
      assert.deepEqual(seen, inOrder);
    }),
  );

  tell(
    "leaves out what has ended, what has expired, and other managers' records",
    withDirectory(async (stage, directory) => {
      await stage.ended();
      await stage.created({ expiresAt: stage.now + MINUTE_MS });
      await stage.created({ manager: `${stage.manager}-2` });
      const kept = await stage.created();
      await stage.advance(2 * MINUTE_MS);
      const page = { manager: stage.manager, after: undefined, limit: 100 };
      assert.deepEqual(await directory.scan(page, stage.call), [kept]);
    }),
  );

  tell(
    "starts after an id that is not there any more",
    withDirectory(async (stage, directory) => {
      const { manager, call } = stage;
      const record = await stage.created();
      const absent = freshId(manager);
      const found = await directory.scan({ manager, after: absent, limit: 10 }, call);
      assert.deepEqual(found, record.id > absent ? [record] : []);
    }),
  );
}

export function tellCounting(tell: Tell): void {
  tell(
    "tells how many live records the manager has",
    withDirectory(async (stage, directory) => {
      const count = (): Promise<number> => directory.count(stage.manager, stage.call);
      assert.equal(await count(), 0);
      const record = await stage.created({ userId: "alice" });
      await stage.created();
      await stage.created({ expiresAt: stage.now + MINUTE_MS });
      await stage.created({ manager: `${stage.manager}-2` });
      assert.equal(await count(), 3);
      await stage.store.update(successorOf(record), freshCommit(), stage.call);
      await stage.store.update(successorOf(record), record.version, stage.call);
      assert.equal(await count(), 3);
      await stage.store.end(stage.tombstone(record), undefined, stage.call);
      assert.equal(await count(), 2);
      await stage.advance(2 * MINUTE_MS);
      assert.equal(await count(), 1);
    }),
  );
}

function bound(store: SessionStore): SessionStore {
  return {
    profile: store.profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (tombstone, expected, call) => store.end(tombstone, expected, call),
  };
}
