import assert from "node:assert/strict";
import type { SessionRecord } from "../../core/record.ts";
import type { Directory } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { freshCommit, freshId, RECORD_LIFE_MS, successorOf } from "./fixtures.ts";
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
        const revoke = async (): Promise<void> => {
          await directory.raiseGeneration(user, stage.call);
          await directory.endAll(user, stage.endAll(), stage.call);
        };
        const [, ...admitted] = await Promise.all([revoke(), ...signIns]);
        const newest = await directory.generation(user, stage.call);
        const live = await directory.list(user, stage.call);
        const earlier = admitted.filter(({ generation }) => generation !== newest);
        const survivors = earlier.filter(({ id }) => live.some((record) => record.id === id));
        assert.deepEqual(survivors, []);
      }
    }),
  );
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
      assert.deepEqual(await directory.list(user, stage.call), newestFirst);
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
      assert.deepEqual(await directory.list(user, stage.call), [kept]);
    }),
  );

  tell(
    "follows a record whose user changes",
    withDirectory(async (stage, directory) => {
      const [alice, bob] = [stage.user(), stage.user()];
      const anonymous = await stage.created();
      const hers = successorOf(anonymous, { userId: alice.userId });
      await stage.store.update(hers, anonymous.version, stage.call);
      assert.deepEqual(await directory.list(alice, stage.call), [hers]);
      const his = successorOf(hers, { userId: bob.userId });
      await stage.store.update(his, hers.version, stage.call);
      assert.deepEqual(await directory.list(alice, stage.call), []);
      assert.deepEqual(await directory.list(bob, stage.call), [his]);
      const nobodys = successorOf(his, { userId: undefined });
      await stage.store.update(nobodys, his.version, stage.call);
      assert.deepEqual(await directory.list(bob, stage.call), []);
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
      assert.deepEqual(await directory.list(user, stage.call), [{ ...record, ...seen }]);
      const after = successorOf(record, { ...later, data: '{"theme":"light"}' });
      await stage.store.update(after, record.version, stage.call);
      assert.deepEqual(await directory.list(user, stage.call), [after]);
      await stage.advance(RECORD_LIFE_MS + MINUTE_MS);
      assert.deepEqual(await directory.list(user, stage.call), [after]);
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
        const ended = { version, reason, endedAt, expiresAt, next: undefined };
        await stage.sees(id, { kind: "ended", id, manager, ...ended });
      }
      assert.deepEqual(await directory.list(user, stage.call), []);
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
