import type { SessionStore, StoreProfile } from "../../core/store.ts";

/** Origin's profile, but for what is read late. */
export function profileOf(
  near: SessionStore,
  origin: SessionStore,
  maxStalenessMs: number,
): StoreProfile {
  const bound = `${maxStalenessMs} ms`;
  return {
    ...origin.profile,
    readYourWrites: "bounded",
    caveats: [
      ...origin.profile.caveats,
      `A process may read what another one has written up to ${bound} late; its own writes it ` +
        "reads at once. No update is lost by that, as origin compares versions.",
      origin.announcements === undefined
        ? `Origin announces no ends: another process may serve an ended session for ${bound}.`
        : "An end reaches other processes with origin's announcement; where that is lost, within " +
          `${bound}.`,
      ...(near.profile.scope === "process" ? [] : [SHARED]),
    ],
  };
}

const SHARED =
  "Near is shared: where near has no clock of its own, differences between the processes' clocks " +
  "add to that time; and whoever can write to near can make up sessions.";
