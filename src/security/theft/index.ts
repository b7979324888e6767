export type { Protection } from "../../core/engine.ts";
export { type EveryoneOptions, everyoneAtOnce, revokeEveryone } from "./everyone.ts";
