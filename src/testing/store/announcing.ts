import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Announcements } from "../../core/store.ts";
import type { SessionId } from "../../core/token.ts";
import { successorOf } from "./fixtures.ts";
import { type Stage, type Tell, withAnnouncements } from "./stage.ts";

const PATIENCE_MS = 3_000;
const INTERVAL_MS = 5;

export function tellAnnouncing(tell: Tell): void {
  tell(
    "tells of a session that another handle ends",
    withAnnouncements(async (stage, announcements) => {
      const told = await listening(stage, announcements);
      const record = await stage.created();
      const [, other] = stage.handles;
      await other.end(stage.tombstone(record), record.version, stage.call);
      await told.of(record.id);
      await told.stop();
    }),
  );

  tell(
    "tells of every session that endAll ends, and of none that it spares",
    withAnnouncements(async (stage, announcements) => {
      const [, other] = stage.handles;
      if (other.directory === undefined) return;
      const told = await listening(stage, announcements);
      const user = stage.user();
      const [first, second, spared] = [
        await stage.created(user),
        await stage.created(user),
        await stage.created(user),
      ];
      await other.directory.endAll(user, stage.endAll({ except: spared.id }), stage.call);
      await told.of(first.id);
      await told.of(second.id);
      assert.ok(!told.ids.has(spared.id), "the spared session was told of");
      await told.stop();
    }),
  );

  tell(
    "tells of no write, no touch, and no end that changed nothing",
    withAnnouncements(async (stage, announcements) => {
      const told = await listening(stage, announcements);
      const { store, call } = stage;
      const record = await stage.created();
      const next = successorOf(record);
      await store.update(next, record.version, call);
      await store.touch?.(record.id, record, call);
      await store.end(stage.tombstone(record), record.version, call);
      const last = await stage.created();
      await store.end(stage.tombstone(last), undefined, call);
      // Told in order, so what comes before the last one has come.
      await told.of(last.id);
      assert.ok(!told.ids.has(record.id), "it was told of a session that has not ended");
      await told.stop();
    }),
  );

  tell(
    "tells a listener nothing once it has stopped",
    withAnnouncements(async (stage, announcements) => {
      const stopped = await listening(stage, announcements);
      await stopped.stop();
      const told = await listening(stage, announcements);
      const record = await stage.created();
      await stage.store.end(stage.tombstone(record), undefined, stage.call);
      await told.of(record.id);
      assert.ok(!stopped.ids.has(record.id), "it was told after it had stopped");
      await told.stop();
    }),
  );
}

interface Told {
  /** Another test may share the store, so there may be others among them. */
  readonly ids: ReadonlySet<SessionId>;
  /** Resolves when it has been told of a session. */
  of(id: SessionId): Promise<void>;
  stop(): Promise<void>;
}

async function listening(stage: Stage, announcements: Announcements): Promise<Told> {
  const ids = new Set<SessionId>();
  const stop = await announcements.subscribe(
    {
      onEnded: (ended) => {
        for (const id of ended) ids.add(id);
      },
      onGap: () => undefined,
    },
    stage.call,
  );
  return {
    ids,
    stop,
    of: async (id) => {
      const until = performance.now() + PATIENCE_MS;
      while (!ids.has(id)) {
        assert.ok(performance.now() < until, "it was not told of the end");
        await pause(INTERVAL_MS);
      }
    },
  };
}
