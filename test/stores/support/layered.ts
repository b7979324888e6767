import type { SessionStore } from "../../../src/core/store.ts";
import { type LayeredStoreOf, layered } from "../../../src/stores/layered/index.ts";
import { memoryStore } from "../../../src/stores/memory/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

/** Short, as the suite waits for it. */
const maxStaleness = "40ms";

/** A layer of this process's memory in front of whatever `open` opens, and one for its sibling. */
export function openInFront(open: OpenStore): OpenStore {
  return openLayered(open, async () => ({ near: memoryStore(), close: async () => undefined }));
}

/** A handle on a near, and what ends its connection. */
export interface OpenNear {
  readonly near: SessionStore;
  close(): Promise<void>;
}

/** Layers over whatever `open` opens, with a near for each handle. */
export function openLayered(open: OpenStore, openNear: () => Promise<OpenNear>): OpenStore {
  return async () => {
    const { store: origin, sibling, ...others } = await open();
    const nears: OpenNear[] = [];
    const above = async (store: SessionStore): Promise<LayeredStoreOf<SessionStore>> => {
      const opened = await openNear();
      nears.push(opened);
      return layered(opened.near, store, { maxStaleness });
    };
    return {
      ...others,
      store: await above(origin),
      ...(sibling && { sibling: async () => above(await sibling()) }),
      async close() {
        await others.close();
        for (const { close } of nears) await close();
      },
    };
  };
}
