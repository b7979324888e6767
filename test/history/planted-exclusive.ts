import {
  ExclusiveError,
  type ExclusiveOptions,
  type JsonValue,
  type Lease,
  type Session,
  type Untyped,
} from "../../src/index.ts";

/** What {@link Session.exclusive} is given to do here. */
export type Job = (inside: Pick<Session<Untyped>, "set">, held: Lease) => Promise<JsonValue>;
export type Exclusive = (name: string, options: ExclusiveOptions, job: Job) => Promise<JsonValue>;

/** The results of a process, by session. */
const results = new Map<string, JsonValue>();

/** Slips in how one of many is let work, each of which the checker must find. */
const BUGS = {
  "lets two work at once": (session) => async (_name, _options, job) => {
    const { signal } = new AbortController();
    const intend = async (): Promise<void> => {};
    const result = await job(session, { signal, previous: undefined, intent: undefined, intend });
    await session.save();
    return result;
  },
  "stores what was done when the lease was over": (session) => async (name, options, job) => {
    const changes: [key: string, value: JsonValue][] = [];
    const set = (key: string, value: JsonValue): void => {
      changes.push([key, value]);
    };
    const store = (target: Parameters<Job>[0]): void => {
      for (const [key, value] of changes) target.set(key, value);
    };
    let working: Promise<JsonValue> | undefined;
    try {
      return await session.exclusive(name, options, async (inside, held) => {
        working = job({ set }, held);
        const result = await working;
        store(inside);
        return result;
      });
    } catch (error) {
      if (!(error instanceof ExclusiveError) || working === undefined) throw error;
      const result = await working;
      store(session);
      await session.save();
      return result;
    }
  },
  "answers with a result of before": (session) => async (name, options, job) => {
    const before = results.get(session.id);
    if (before !== undefined) return before;
    const result = await session.exclusive(name, options, job);
    results.set(session.id, result);
    return result;
  },
  "tells nobody of those who failed": (session) => (name, options, job) =>
    session.exclusive(name, options, (inside, held) =>
      job(inside, {
        signal: held.signal,
        previous: undefined,
        intent: undefined,
        intend: (intent) => held.intend(intent),
      }),
    ),
} satisfies Record<string, (session: Session<Untyped>) => Exclusive>;

export type ExclusiveBugName = keyof typeof BUGS;
export const EXCLUSIVE_BUG_NAMES: readonly ExclusiveBugName[] = Object.keys(
  BUGS,
) as ExclusiveBugName[];

/** A session's `exclusive` with a bug in it. */
export function plantedExclusive(session: Session<Untyped>, bug: ExclusiveBugName): Exclusive {
  return BUGS[bug](session);
}
