import type { StorePlace, SubjectName } from "../../history/subjects.ts";
import type { Errand } from "../errand.ts";
import type { Tokens } from "../tokens.ts";

/** How an application keeps tokens in a session, and refreshes them. */
export interface Recipe {
  /** Begins a session with these tokens. */
  signIn(request: Request, tokens: Tokens): Promise<Response>;
  /** Answers with the {@link Errand}'s reply, refreshing the tokens where they are stale. */
  serve(request: Request, errand: Errand): Promise<Response>;
}

/** Session libraries and what their users do about refresh tokens. */
export type RecipeName = "exclusive" | "auth.js" | "iron-session" | "redis lock";

/** What every process of a run is told. Plain data: it travels as an argument. */
export interface Plan {
  readonly recipe: RecipeName;
  readonly store: SubjectName;
  readonly place: StorePlace;
  /** Where the provider is. */
  readonly provider: string;
  /** How long the work may take; how long the lock holds. */
  readonly leaseMs: number;
  /** How long a request waits for another one's work. */
  readonly waitMs: number;
  /** Whether the provider answers a token that is sent again a little later. */
  readonly hasGrace: boolean;
}

/** Makes a recipe in an application process. */
export type MakeRecipe = (plan: Plan) => Promise<Recipe>;

/** Of those that sign or seal the session: any will do, but all processes have the same. */
export const SECRET = "only for tests, only for tests, only for tests";
