import type { StoreProfile } from "../../core/store.ts";

const OVERWRITING =
  "The framework writes without looking: of two requests at once, one there and one here, its own " +
  "may undo what was written here.";
const SWEEPING =
  "Rows that have expired are absent, and stay until the framework deletes them or another takes " +
  "their place.";

/** What a table of a framework's promises, where a store of ours in that database promises so much. */
export function sqlProfile(store: StoreProfile): StoreProfile {
  const caveats = store.caveats.filter((caveat) => !ABOUT_OURS.test(caveat));
  return { ...store, caveats: [OVERWRITING, SWEEPING, ...caveats] };
}

/** Of announcements and of options that a place has not. */
const ABOUT_OURS = /announce|synchronousEnds|are not told|synchronous: "full"|listening/;
