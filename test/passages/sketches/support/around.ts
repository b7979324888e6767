import type { SessionStore } from "../../../../src/core/store.ts";

/** `store` with some methods of its own; all else is as it was. */
export function around(store: SessionStore, own: Partial<SessionStore>): SessionStore {
  const { touch, directory } = store;
  return {
    profile: store.profile,
    load: (id, call) => store.load(id, call),
    create: (record, call) => store.create(record, call),
    update: (record, expected, call) => store.update(record, expected, call),
    end: (tombstone, expected, call) => store.end(tombstone, expected, call),
    ...(touch && { touch: touch.bind(store) }),
    ...(directory && { directory }),
    ...own,
  };
}
