import { expect, it } from "vitest";
import type { Mounted, SharedStore } from "../../../src/cookies/mount.ts";
import { createSessions } from "../../../src/index.ts";
import type { ForeignSessions } from "../../../src/interop/foreign/foreign-sessions.ts";
import { sharedStore } from "../../../src/interop/foreign/shared-store.ts";
import { ToyRows, toySessions } from "../support/toy.ts";

/** What a manager over these sessions keeps them in. */
function storeOf(sessions: ForeignSessions): Mounted["store"] {
  const kept: Mounted[] = [];
  const store: SharedStore = {
    share: (parts) => {
      const mounted = sharedStore(sessions).share(parts);
      kept.push(mounted);
      return mounted;
    },
  };
  createSessions({ store });
  const [mounted] = kept;
  if (mounted === undefined) throw new Error("Nothing was shared.");
  return mounted.store;
}

it("says what the place says by now: what a server evicts it tells with its first answer", () => {
  const toy = toySessions(new ToyRows());
  let evicts = "never" as "never" | "any";
  const store = storeOf({
    ...toy,
    get profile() {
      return { ...toy.profile, eviction: evicts, caveats: [`evicts ${evicts}`] };
    },
  } as ForeignSessions);
  expect([store.profile.eviction, store.profile.caveats[0]]).toEqual(["never", "evicts never"]);
  evicts = "any";
  expect([store.profile.eviction, store.profile.caveats[0]]).toEqual(["any", "evicts any"]);
});

it("says of cookies that exclusive work is refused, and of others what undoes it", () => {
  const inAStore = storeOf(toySessions(new ToyRows())).profile.caveats;
  const inCookies = storeOf(toySessions(new ToyRows(), { kept: undefined })).profile.caveats;
  expect(inCookies.join()).toContain("Exclusive work is refused");
  expect(inAStore.join()).not.toContain("refused: in a cookie");
  expect(inAStore.join()).toContain("undoes the lease");
});
