import assert from "node:assert/strict";
import type { SessionRecord } from "../../core/record.ts";
import type { Directory, UserKey } from "../../core/store.ts";
import { type Play, type Stage, type Tell, withDirectory } from "./stage.ts";

const MINUTE_MS = 60_000;

/** A directory that can forget a user. */
type ForgettingDirectory = Directory & Required<Pick<Directory, "forget">>;

export function tellForgetting(tell: Tell): void {
  tell(
    "removes what has expired of the user, until nothing is left, and resolves to how many",
    withForget(async (stage, directory) => {
      const user = stage.user();
      const early = stage.now;
      const records = await expiredOf(stage, user, 3);
      assert.equal(await forgetAll(stage, directory, user), records.length);
      assert.equal(await forgetAll(stage, directory, user), 0);
      // By a clock at which they had not expired yet, so that what is there is seen.
      stage.now = early;
      for (const { id } of records) await stage.sees(id, undefined);
    }),
  );

  tell(
    "leaves live records, tombstones and everybody else alone",
    withForget(async (stage, directory) => {
      const user = stage.user();
      const { userId } = user;
      const early = stage.now;
      const ended = await stage.ended();
      const live = [await stage.created({ userId }), await stage.created()];
      const others = [
        ...(await expiredOf(stage, { ...user, userId: `${userId}-2` }, 1)),
        ...(await expiredOf(stage, { ...user, manager: `${user.manager}-2` }, 1)),
      ];
      assert.equal(await forgetAll(stage, directory, user), 0);
      for (const stored of [ended, ...live]) await stage.sees(stored.id, stored);
      stage.now = early;
      for (const stored of others) await stage.sees(stored.id, stored);
    }),
  );

  tell(
    "keeps the user's generation, and that rises on",
    withForget(async (stage, directory) => {
      const user = stage.user();
      const keepUntil = stage.now + 60 * MINUTE_MS;
      for (let round = 0; round < 3; round += 1) {
        const raised = await directory.raiseGeneration(user, stage.call, keepUntil);
        await forgetAll(stage, directory, user);
        assert.equal(await directory.generation(user, stage.call), raised);
        // By a clock that is behind, too.
        const behind = { ...stage.call, now: stage.now - MINUTE_MS };
        const again = await directory.raiseGeneration(user, behind, keepUntil);
        assert.ok(again > raised);
        assert.equal(await directory.generation(user, stage.call), again);
      }
    }),
  );

  tell(
    "loses no generation that is raised at the same moment",
    withForget(async (stage, directory) => {
      const [, other] = stage.handles;
      const theirs = other.directory ?? directory;
      const user = stage.user();
      await directory.raiseGeneration(user, stage.call);
      // By clocks that are behind, whose own time would be no later than what was there.
      const behind = { ...stage.call, now: stage.now - MINUTE_MS };
      for (let round = 0; round < 10; round += 1) {
        const before = await directory.generation(user, stage.call);
        const raises = [directory, theirs, theirs].map((each) =>
          each.raiseGeneration(user, behind),
        );
        const [, ...raised] = await Promise.all([forgetAll(stage, directory, user), ...raises]);
        assert.ok(Math.min(...raised) > before);
        assert.equal(await directory.generation(user, stage.call), Math.max(...raised));
      }
    }),
  );
}

/** Records of the user that have expired when it resolves. */
async function expiredOf(
  stage: Stage,
  { manager, userId }: UserKey,
  count: number,
): Promise<readonly SessionRecord[]> {
  const records: SessionRecord[] = [];
  for (let each = 0; each < count; each += 1) {
    records.push(await stage.created({ manager, userId, expiresAt: stage.now + MINUTE_MS }));
  }
  await stage.advance(2 * MINUTE_MS);
  return records;
}

/** Calls it until it resolves to none, as core does. */
async function forgetAll(
  stage: Stage,
  directory: ForgettingDirectory,
  user: UserKey,
): Promise<number> {
  for (let total = 0; ; ) {
    const forgotten = await directory.forget(user, stage.call);
    if (forgotten === 0) return total;
    total += forgotten;
  }
}

/** A test that has nothing to check where the store forgets what has expired by its sweep alone. */
function withForget(play: (stage: Stage, directory: ForgettingDirectory) => Promise<void>): Play {
  return withDirectory(async (stage, directory) => {
    const forget = directory.forget?.bind(directory);
    if (forget !== undefined) await play(stage, { ...bound(directory), forget });
  });
}

function bound(directory: Directory): Directory {
  return {
    generation: (user, call) => directory.generation(user, call),
    raiseGeneration: (user, call, keepUntil) => directory.raiseGeneration(user, call, keepUntil),
    list: (user, call) => directory.list(user, call),
    endAll: (user, end, call) => directory.endAll(user, end, call),
    scan: (page, call) => directory.scan(page, call),
    count: (manager, call) => directory.count(manager, call),
  };
}
