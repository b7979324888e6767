import { expiredBy } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import { currentGeneration, sparedUnder } from "../../core/lifecycle/admission.ts";
import { familyOf, generationOf } from "../../core/notes.ts";
import type { SessionRecord } from "../../core/record.ts";
import { parseId } from "../../core/token.ts";
import type { Binding } from "./binding.ts";

/**
 * The session that a binding is for, where it is live: by its record, its clocks, and the endings of
 * all of its user's sessions. Its browser brings no cookie that would tell.
 */
export async function liveSessionOf(
  binding: Binding,
  engine: Engine,
  deadline: Deadline,
): Promise<SessionRecord | undefined> {
  for (const session of binding.sessions) {
    const id = parseId(session);
    const stored = id && (await engine.home.keeper.loadNewest(id, deadline));
    if (stored?.kind !== "live" || expiredBy(stored, deadline.now) !== undefined) continue;
    if (await isAdmitted(stored, engine, deadline)) return stored;
  }
  return undefined;
}

async function isAdmitted(
  record: SessionRecord,
  engine: Engine,
  deadline: Deadline,
): Promise<boolean> {
  const { userId } = record;
  const admittedUnder = generationOf(record);
  const generation = await currentGeneration(engine, userId, deadline);
  if (generation <= admittedUnder) return true;
  const candidate = { userId, generation: admittedUnder, family: familyOf(record) };
  return (await sparedUnder(engine, candidate, generation, deadline)) !== undefined;
}
