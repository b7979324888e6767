import { familyOf } from "../../../src/core/notes.ts";
import { familyId } from "../../../src/core/token.ts";
import type { Directory, SessionId, SessionStore, SilentStore } from "../../../src/index.ts";

type DirectoryMethod = Exclude<keyof Directory, never>;
/** `mark` loads what holds for a session's whole family, not a session. */
export type Operation = "load" | "mark" | "create" | "update" | "end" | "touch" | DirectoryMethod;

/** Stands between the engine and the store at each call: `send` makes it, as often as wished. */
export type Intercept = <T>(operation: Operation, send: () => Promise<T>) => Promise<T>;

/** Under which ids the sessions of a store may have something noted of their families. */
const marks = new WeakMap<SilentStore, Set<SessionId>>();

function marksOf(store: SilentStore): Set<SessionId> {
  const known = marks.get(store) ?? new Set();
  marks.set(store, known);
  return known;
}

/** Another store object over the same data, as a second process would have. */
export function wrapped(store: SilentStore, intercept: Intercept): SessionStore {
  const { directory } = store;
  const known = marksOf(store);
  return {
    profile: store.profile,
    load: (id, call) => intercept(known.has(id) ? "mark" : "load", () => store.load(id, call)),
    create: (record, call) => {
      for (const matter of ["revoked", "sparing", "milestone"] as const) {
        known.add(familyId(matter, familyOf(record), record.manager));
      }
      return intercept("create", () => store.create(record, call));
    },
    update: (record, expected, call) =>
      intercept("update", () => store.update(record, expected, call)),
    end: (stone, expected, call) => intercept("end", () => store.end(stone, expected, call)),
    touch: (id, seen, call) => intercept("touch", () => store.touch(id, seen, call)),
    directory: {
      generation: (user, call) => intercept("generation", () => directory.generation(user, call)),
      raiseGeneration: (user, call, keepUntil) =>
        intercept("raiseGeneration", () => directory.raiseGeneration(user, call, keepUntil)),
      list: (user, call) => intercept("list", () => directory.list(user, call)),
      endAll: (user, end, call) => intercept("endAll", () => directory.endAll(user, end, call)),
      scan: (page, call) => intercept("scan", () => directory.scan(page, call)),
      count: (manager, call) => intercept("count", () => directory.count(manager, call)),
    },
  };
}

/** Lets every call through, after a turn of the event loop: each `await` is a chance to race. */
export const yielding: Intercept = async (_operation, send) => {
  await new Promise(setImmediate);
  return send();
};

/** A switchable intercept: the store behaves until a test says otherwise. */
export class Switch {
  readonly calls: Operation[] = [];
  behave: Intercept = (_operation, send) => send();

  readonly intercept: Intercept = (operation, send) => {
    this.calls.push(operation);
    return this.behave(operation, send);
  };

  count(...operations: Operation[]): number {
    return this.calls.filter((call) => operations.includes(call)).length;
  }

  forget(): void {
    this.calls.length = 0;
  }
}
