import { randomBytes } from "node:crypto";
import type { CookieStore, Mounted, SharedStore } from "../../../src/cookies/mount.ts";
import {
  createSessions,
  type SessionOptions,
  type SessionStore,
  type Sessions,
  type Untyped,
} from "../../../src/index.ts";
import type { SharingOptions } from "../../../src/interop/foreign/sharing-options.ts";

/** Where a manager may keep its sessions. */
export type AnyStore = SessionStore | CookieStore | SharedStore;

/** Opens a place for one process. */
export type OpenStore = (limits: Limits) => Promise<AnyStore>;

/** What is said of shared sessions to their store, and of ours to the manager. */
type Limits = Pick<SharingOptions, "absoluteTimeout">;

export type PlaceOptions = Omit<Partial<SessionOptions>, "store" | "keys"> &
  Record<string, unknown>;

/** A manager over a place, whatever the place takes of its options. */
export async function openedOver(
  open: OpenStore,
  { keys, ...options }: PlaceOptions,
): Promise<Sessions<Untyped>> {
  const { absoluteTimeout, ...others } = options;
  const store = await open({ absoluteTimeout });
  if ("share" in store) return created({ store, ...others });
  if ("mount" in store) return created({ store, keys, ...options });
  return created({ store, ...options });
}

/** What the profile of a place says is kept in part. */
export async function caveatsOf(open: OpenStore): Promise<readonly string[]> {
  const store = await open({});
  if ("profile" in store) return store.profile.caveats;
  let mounted: Mounted | undefined;
  const see = (kept: Mounted): Mounted => {
    mounted = kept;
    return kept;
  };
  if ("share" in store) {
    const seen: SharedStore = { share: (parts) => see(store.share(parts)) };
    created({ store: seen });
  } else {
    const seen: CookieStore = { mount: (parts) => see(store.mount(parts)) };
    created({ store: seen, keys: randomBytes(32) });
  }
  return mounted?.store.profile.caveats ?? [];
}

function created(options: PlaceOptions): Sessions<Untyped> {
  return createSessions<Untyped>(options as never) as Sessions<Untyped>;
}
