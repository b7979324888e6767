/** What holds in some places and cannot in others. */
export type Ability =
  | "merges parallel writes"
  | "ends for good"
  | "tells late requests"
  | "does exclusive work"
  | "finds by user"
  | "hands off";

/** What cannot hold in a place, and the words of its profile that say so. */
export type Lacks = Partial<Readonly<Record<Ability, string>>>;
