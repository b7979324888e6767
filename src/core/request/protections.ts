import type { Deadline } from "../deadline.ts";
import type { Departure, Engine, Guard, Hooks, Protection, SigningIn } from "../engine.ts";
import { OptionsError } from "../errors.ts";
import type { NoteEdit } from "../notes.ts";
import type { SessionRecord } from "../record.ts";
import type { SessionId } from "../token.ts";
import { GUARDS } from "./guards.ts";

type Guarded = Pick<Engine, "guards" | "protections" | "protectionNames">;

/** What an application's protections add to an engine. */
export function protectedBy(engine: Engine, protections: readonly Protection[]): Guarded {
  const all = protections.map((protection) => protection.protect(engine));
  const guards = all.flatMap(({ guard }): readonly Guard[] => (guard === undefined ? [] : [guard]));
  return {
    guards: [...GUARDS, ...guards],
    protections: all.length === 0 ? undefined : new Protections(all),
    protectionNames: protections.map(({ name }) => name),
  };
}

/** Refuses what is no list of protections, and one that is there twice. */
export function checkProtections(protections: readonly Protection[]): readonly Protection[] {
  const names = new Set<string>();
  for (const protection of Array.isArray(protections) ? protections : [undefined]) {
    if (typeof protection?.protect !== "function") {
      throw new OptionsError(
        "protections",
        "must be a list, such as [limitSessions({ perUser: 5 })].",
      );
    }
    const { name } = protection;
    if (names.has(name)) throw new OptionsError("protections", `${name} is there twice. Keep one.`);
    names.add(name);
  }
  return protections;
}

/** All of them as one, asked in the order in which they were given. */
class Protections implements Hooks {
  /** Left out where nobody asks for it: then a session begins without a turn of the event loop. */
  readonly creating: Hooks["creating"];
  readonly tokens: Hooks["tokens"];
  readonly #all: readonly Hooks[];

  constructor(all: readonly Hooks[]) {
    this.#all = all;
    this.tokens = all.find(({ tokens }) => tokens !== undefined)?.tokens;
    const asked = all.flatMap(({ creating }) => creating ?? []);
    if (asked.length > 0) {
      this.creating = async (creating) => {
        for (const ask of asked) await ask(creating);
      };
    }
  }

  async stands(record: SessionRecord, deadline: Deadline): Promise<boolean> {
    for (const hooks of this.#all) {
      if ((await hooks.stands?.(record, deadline)) === false) return false;
    }
    return true;
  }

  async signingIn(signing: SigningIn): Promise<readonly NoteEdit[]> {
    const edits: NoteEdit[] = [];
    for (const hooks of this.#all) edits.push(...((await hooks.signingIn?.(signing)) ?? []));
    return edits;
  }

  async signedIn(record: SessionRecord, signing: SigningIn): Promise<readonly SessionId[]> {
    const ended: SessionId[] = [];
    for (const hooks of this.#all) ended.push(...((await hooks.signedIn?.(record, signing)) ?? []));
    return ended;
  }

  async regenerated(record: SessionRecord, deadline: Deadline): Promise<void> {
    for (const hooks of this.#all) await hooks.regenerated?.(record, deadline);
  }

  leaving(departure: Departure): void {
    for (const hooks of this.#all) hooks.leaving?.(departure);
  }
}
