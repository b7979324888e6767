import { absoluteEndOf, idleEndOf } from "./clocks.ts";
import { parseFlash } from "./commit/edit.ts";
import { withoutDue } from "./due.ts";
import { type Engine, startDeadline } from "./engine.ts";
import { type JsonValue, parseObject } from "./json.ts";
import { isOwnedBy } from "./notes.ts";
import { isBoundData, type SessionFacts, type SessionRecord } from "./record.ts";
import { infoOf } from "./session-info.ts";
import type { ExportedSession } from "./sessions.ts";
import { Reading } from "./shape.ts";
import type { Directory, UserKey } from "./store.ts";
import type { SessionId } from "./token.ts";
import { type ContentProblem, contentProblemIn } from "./unopened.ts";

/** Sessions whose data are in memory at the same time: 4 MiB, where they are as large as may be. */
const AT_ONCE = 16;
/** Who is given more new tokens while we go by is in a loop, and has another session listed. */
const MAX_STEPS = 16;

/**
 * What is kept of each session of a user, the most recently seen first. Each is loaded under a
 * deadline of its own, so it does not matter how many there are, or how slowly they are taken.
 */
export async function* exported(
  engine: Engine,
  directory: Directory,
  user: UserKey,
): AsyncGenerator<ExportedSession, void> {
  const listed = await engine.keeper.read("list", startDeadline(engine), (call) =>
    directory.list(user, call),
  );
  // A session that is given a new token may be listed under both, or under the old one alone.
  const told = new Set<string>();
  for (let at = 0; at < listed.length; at += AT_ONCE) {
    const some = listed.slice(at, at + AT_ONCE);
    for (const session of await Promise.all(some.map((facts) => exportOf(engine, user, facts)))) {
      if (session === undefined || told.has(session.id)) continue;
      told.add(session.id);
      yield session;
    }
  }
}

async function exportOf(
  engine: Engine,
  user: UserKey,
  facts: SessionFacts,
): Promise<ExportedSession | undefined> {
  try {
    const record = await newestOf(engine, user, facts.id);
    return record && openedOf(engine, record);
  } catch (error) {
    const problem = contentProblemIn(error);
    if (problem === undefined || !isTheirs(user, facts)) throw error;
    return { ...timesOf(facts), data: undefined, messages: undefined, problem };
  }
}

/** What the session is by now, also under another token; `undefined` where it has ended. */
async function newestOf(
  engine: Engine,
  user: UserKey,
  first: SessionId,
): Promise<SessionRecord | undefined> {
  const deadline = startDeadline(engine);
  let id: SessionId | undefined = first;
  for (let steps = 0; steps < MAX_STEPS && id !== undefined; steps += 1) {
    const stored = await engine.keeper.load(id, deadline);
    if (stored?.kind === "live") return isTheirs(user, stored) ? stored : undefined;
    id = stored !== undefined && isOwnedBy(user, stored) ? stored.next : undefined;
  }
  return undefined;
}

function isTheirs({ manager, userId }: UserKey, facts: SessionFacts): boolean {
  return facts.manager === manager && facts.userId === userId;
}

function openedOf({ shape, environment }: Engine, stored: SessionRecord): ExportedSession {
  const record = withoutDue(stored, environment.now());
  if (isBoundData(record.data)) {
    return { ...timesOf(record), data: undefined, messages: undefined, problem: "boundToToken" };
  }
  const reading = shape.read(record.data);
  const problem: ContentProblem | undefined = reading instanceof Reading ? undefined : reading;
  // What is stored, not what the application would see of it: that is what there is of the person.
  const data = parseObject(record.data);
  return { ...timesOf(record), data, messages: messagesIn(record.flash), problem };
}

function timesOf(facts: SessionFacts): Omit<ExportedSession, "data" | "messages" | "problem"> {
  return { ...infoOf(facts), idleEndsAt: idleEndOf(facts), endsAt: absoluteEndOf(facts) };
}

function messagesIn(flash: string): Record<string, JsonValue[]> {
  const messages = new Map<string, JsonValue[]>();
  for (const [, key, value] of parseFlash(flash)) {
    messages.set(key, [...(messages.get(key) ?? []), value]);
  }
  return Object.fromEntries(messages);
}
