export type { Protection } from "../../core/engine.ts";
export { clearSiteData, type SiteData } from "./clear-site-data.ts";
export {
  type DriftAction,
  type DriftPolicy,
  type DriftRequest,
  type DriftSignal,
  type WatchForDriftOptions,
  watchForDrift,
} from "./drift.ts";
export { type EveryoneOptions, everyoneAtOnce, revokeEveryone } from "./everyone.ts";
export { type DetectReuseOptions, detectReuse } from "./reuse.ts";
