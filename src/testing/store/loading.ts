import { freshId, RECORD_LIFE_MS, TOMBSTONE_LIFE_MS } from "./fixtures.ts";
import type { Tell } from "./stage.ts";

const MINUTE_MS = 60_000;

export function tellLoading(tell: Tell): void {
  tell("resolves to undefined when absent", async (stage) => {
    await stage.sees(freshId(stage.manager), undefined);
  });

  tell("resolves to the record that stands under the id", async (stage) => {
    const record = await stage.created();
    await stage.sees(record.id, record);
  });

  tell("resolves to the tombstone that stands under the id", async (stage) => {
    const tombstone = await stage.ended();
    await stage.sees(tombstone.id, tombstone);
  });

  tell("shows another handle what was acknowledged", async (stage) => {
    const record = await stage.created();
    for (const handle of stage.handles) await stage.sees(record.id, record, handle);
  });

  tell("keeps a record until its expiresAt is past", async (stage) => {
    const record = await stage.created();
    await stage.advance(RECORD_LIFE_MS - MINUTE_MS);
    await stage.sees(record.id, record);
    await stage.advance(2 * MINUTE_MS);
    await stage.sees(record.id, undefined);
  });

  tell("keeps a tombstone until its expiresAt is past", async (stage) => {
    const tombstone = await stage.ended();
    await stage.advance(TOMBSTONE_LIFE_MS - MINUTE_MS);
    await stage.sees(tombstone.id, tombstone);
    await stage.advance(2 * MINUTE_MS);
    await stage.sees(tombstone.id, undefined);
  });

  tell("keeps what it acknowledged when the handle that wrote it is closed", async (stage) => {
    const { sibling } = stage.under;
    if (sibling === undefined || stage.store.close === undefined) return;
    const record = await stage.created();
    await stage.store.close();
    const reopened = await sibling();
    await stage.sees(record.id, record, reopened);
    await reopened.close?.();
  });
}
