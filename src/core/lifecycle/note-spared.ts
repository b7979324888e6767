import { type Engine, startDeadline } from "../engine.ts";
import { editNotes, familyOf, generationOf, ofGeneration } from "../notes.ts";
import {
  commitsBefore,
  type SessionRecord,
  type StoredSession,
  type Tombstone,
} from "../record.ts";
import { newCommitId, type SessionId } from "../token.ts";
import { sparedUnder } from "./admission.ts";
import { TOKENS_PER_MILESTONE } from "./succession.ts";

/** So often a session may be written to while we note something of it. */
const MAX_CONFLICTS = 32;
/** What has been given so many tokens since it was spared has noted it by itself. */
const MAX_TOKENS = 2 * TOKENS_PER_MILESTONE;

/**
 * From here on the spared session is admitted under the new generation by itself:
 * docs/decisions/0054.
 */
export async function noteSpared(
  engine: Engine,
  first: SessionId,
  generation: number,
): Promise<void> {
  let stored = await engine.keeper.load(first, startDeadline(engine));
  let [tokens, conflicts] = [0, 0];
  while (stored !== undefined && tokens < MAX_TOKENS && conflicts < MAX_CONFLICTS) {
    if (stored.kind === "ended") {
      stored = await successorOf(engine, stored, tokens === 0);
      tokens += 1;
    } else {
      stored = await notedElseNewest(engine, stored, generation);
      conflicts += 1;
    }
  }
}

/** @param isFirst - Then the id may be one that the session had long before. */
async function successorOf(
  engine: Engine,
  stone: Tombstone,
  isFirst: boolean,
): Promise<StoredSession | undefined> {
  const deadline = startDeadline(engine);
  const further = isFirst ? await engine.families.milestoneAfter(stone, deadline) : undefined;
  const next: SessionId | undefined = further ?? stone.next;
  return next && engine.keeper.load(next, deadline);
}

/** Resolves to what has come in between; `undefined` where there is nothing left to note. */
async function notedElseNewest(
  engine: Engine,
  record: SessionRecord,
  generation: number,
): Promise<StoredSession | undefined> {
  const { keeper, environment } = engine;
  const deadline = startDeadline(engine);
  const { userId } = record;
  const candidate = { userId, generation: generationOf(record), family: familyOf(record) };
  if (candidate.generation >= generation) return undefined;
  // What an earlier ending was for, and has missed, ends at its next touch.
  const spared = await sparedUnder(engine, candidate, generation, deadline);
  if (spared === undefined) return undefined;
  const noted: SessionRecord = {
    ...record,
    notes: editNotes(record.notes, [ofGeneration(generation)]),
    version: newCommitId(environment.random),
    earlier: commitsBefore(record),
  };
  const outcome = await keeper.update(noted, record.version, deadline);
  if (outcome.kind === "updated") return undefined;
  return outcome.kind === "conflict" ? outcome.current : outcome.tombstone;
}
