import type { Keeper } from "../../core/commit/keeper.ts";
import type { Environment } from "../../core/environment.ts";
import type { EngineSettings } from "../../core/options.ts";
import type { Identity } from "../../core/passage.ts";
import type { ForeignSessions } from "../foreign/foreign-sessions.ts";
import type { AdoptedIdentity } from "./adopted-identity.ts";
import type { AdoptionMarks } from "./adoption-marks.ts";
import type { AdoptionMap } from "./old-session.ts";
import type { OldSessions } from "./old-sessions.ts";

/** What one request is, beside the old cookies that it brings. */
export interface Occasion {
  readonly keeper: Keeper;
  readonly old: OldSessions;
  /** Whether nothing is to be written: nobody has asked for the page yet, or it is no response's. */
  readonly isReadOnly: boolean;
  readonly device: string | undefined;
  /** Draws a token that has nothing to do with what came. */
  issue(): Identity;
  /** Tells whoever runs the application of a failure that the visitor does not see. */
  report(error: unknown): void;
}

/** What the requests of one manager share. */
export interface AdoptionTools {
  readonly sessions: ForeignSessions;
  readonly map: AdoptionMap<object>;
  readonly marks: AdoptionMarks;
  readonly settings: EngineSettings;
  readonly environment: Environment;
  /** What all requests that bring the same old session make of it. */
  identityFor(session: string): AdoptedIdentity;
}
