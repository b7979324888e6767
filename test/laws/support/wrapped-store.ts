import type { Directory, SessionStore, SilentStore } from "../../../src/index.ts";

type DirectoryMethod = Exclude<keyof Directory, never>;
export type Operation = "load" | "create" | "update" | "end" | "touch" | DirectoryMethod;

/** Every call by which the engine may write. */
export const WRITES: readonly Operation[] = [
  "create",
  "update",
  "end",
  "touch",
  "raiseGeneration",
  "endAll",
];

/** Stands between the engine and the store at each call: `send` makes it, as often as wished. */
export type Intercept = <T>(operation: Operation, send: () => Promise<T>) => Promise<T>;

/** Another store object over the same data, as a second process would have. */
export function wrapped(store: SilentStore, intercept: Intercept): SessionStore {
  const { directory } = store;
  return {
    profile: store.profile,
    load: (id, call) => intercept("load", () => store.load(id, call)),
    create: (record, call) => intercept("create", () => store.create(record, call)),
    update: (record, expected, call) =>
      intercept("update", () => store.update(record, expected, call)),
    end: (stone, expected, call) => intercept("end", () => store.end(stone, expected, call)),
    touch: (id, seen, call) => intercept("touch", () => store.touch(id, seen, call)),
    directory: {
      generation: (user, call) => intercept("generation", () => directory.generation(user, call)),
      raiseGeneration: (user, call) =>
        intercept("raiseGeneration", () => directory.raiseGeneration(user, call)),
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
