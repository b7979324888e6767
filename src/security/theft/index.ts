export type { Protection } from "../../core/engine.ts";
export { type EveryoneOptions, everyoneAtOnce, revokeEveryone } from "./everyone.ts";
export { type DetectReuseOptions, detectReuse } from "./reuse.ts";
