import type { Deadline } from "../deadline.ts";
import type { Engine } from "../engine.ts";
import type { Family } from "../notes.ts";
import type { Sparing } from "./families.ts";

type Parts = Pick<Engine, "keeper" | "families" | "name">;

/** Who is to go on under a new token, or to sign in. */
export interface Candidate {
  readonly userId: string | undefined;
  /** The user's generation that was in force when they were admitted last. */
  readonly generation: number;
  /** Whose new session is to belong to it; `undefined` where it begins a family of its own. */
  readonly family: Family | undefined;
}

/** Longer than an ending takes from the raising of a generation until it has said whom it spares. */
const MAX_LOOKS = 40;
const LOOK_INTERVAL_MS = 25;

/**
 * An earlier release counted generations, up to some few, and noted in no session which it was. The
 * sessions of that time are held to none of them.
 */
const MAX_COUNT = 1_000_000;

/** The user's generation at this moment; 0 where the store keeps none. */
export async function currentGeneration(
  { keeper, name }: Pick<Parts, "keeper" | "name">,
  userId: string | undefined,
  deadline: Deadline,
): Promise<number> {
  const { directory } = keeper.store;
  if (directory === undefined || userId === undefined) return 0;
  const user = { manager: name, userId };
  const generation = await keeper.read("generation", deadline, (call) =>
    directory.generation(user, call),
  );
  return generation < MAX_COUNT ? 0 : generation;
}

/**
 * Resolves to the generation that the candidate is admitted under now, or to `undefined` where an
 * ending has come in between. Asked once the new session exists (OWASP ASVS 5.0, 7.4.2).
 */
export async function admitted(
  parts: Parts,
  candidate: Candidate,
  deadline: Deadline,
): Promise<number | undefined> {
  const { userId, family } = candidate;
  const [generation, isRevoked] = await Promise.all([
    currentGeneration(parts, userId, deadline),
    family !== undefined && parts.families.isRevoked(family, deadline),
  ]);
  if (isRevoked) return undefined;
  return generation <= candidate.generation
    ? candidate.generation
    : sparedUnder(parts, candidate, generation, deadline);
}

/** As {@link admitted}, where the user's generation was raised since: who is spared goes on. */
export async function sparedUnder(
  { families }: Pick<Parts, "families">,
  candidate: Candidate,
  generation: number,
  deadline: Deadline,
): Promise<number | undefined> {
  const { family } = candidate;
  if (family === undefined) return undefined;
  for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
    const sparing = await families.sparingOf(family, deadline);
    if (isSpared(sparing, candidate.generation, generation)) return generation;
    // Who raised it may be about to say whom it spares.
    if (sparing.begun === 0 || deadline.remainingMs <= LOOK_INTERVAL_MS) return undefined;
    await new Promise((resume) => setTimeout(resume, LOOK_INTERVAL_MS));
  }
  return undefined;
}

function isSpared({ spans }: Sparing, admittedUnder: number, generation: number): boolean {
  return spans.some(({ from, upTo }) => from <= admittedUnder && generation <= upTo);
}
