import type { Deadline } from "../../core/deadline.ts";
import type { Rejection } from "../../core/events.ts";
import type { Inherited } from "../../core/passage.ts";
import { mapped } from "./adopted-record.ts";
import type { AdoptionTools, Occasion } from "./occasion.ts";
import type { Adopted } from "./old-session.ts";
import type { Old } from "./old-sessions.ts";
import { isAnother, isSameOld, ledTo, type Standing } from "./standing.ts";
import { Takeover } from "./takeover.ts";

/** What becomes of an old session: ours, why there is none, or that it is left alone. */
type Outcome = Inherited | Rejection | undefined;

/** An old session that can be taken over, or has been. */
export interface Candidate {
  readonly is: "signed in" | "anonymous" | "over";
  take(): Promise<Outcome>;
}

/** Another request may be quicker each time. */
const MAX_TRIES = 4;
/** How many sessions a key may have had while their marks are kept. */
const MAX_LINKS = 16;

/** The place of a session of ours, and what is there. */
interface Link {
  readonly takeover: Takeover;
  readonly standing: Standing | undefined;
}

/** Looks into the old sessions that a request brings. */
export class Candidates {
  /** Of what was taken, or tried last. */
  takeover: Takeover | undefined;
  readonly #tools: AdoptionTools;
  readonly #occasion: Occasion;
  readonly #deadline: Deadline;

  constructor(tools: AdoptionTools, occasion: Occasion, deadline: Deadline) {
    this.#tools = tools;
    this.#occasion = occasion;
    this.#deadline = deadline;
  }

  /** What a cookie's value leads to. Nothing is written until it is taken. */
  async in(value: string, tries = 1): Promise<Candidate | Rejection | undefined> {
    const key = this.#occasion.old.keyIn(value, this.#deadline.now);
    const again = () => this.#again(value, tries);
    if (key === undefined) return this.#whole(value, again);
    return typeof key === "string" ? this.#kept(key, again) : key.rejection;
  }

  async #again(value: string, tries: number): Promise<Outcome> {
    if (tries >= MAX_TRIES) return undefined;
    const found = await this.in(value, tries + 1);
    return typeof found === "object" ? found.take() : found;
  }

  /**
   * One that lies in a store. Frameworks go on under a key that they know, so that it may have been
   * several sessions, one after the other: each is found by the mark of the one before.
   */
  async #kept(key: string, again: Again): Promise<Candidate | Rejection | undefined> {
    const { old: sessions, keeper } = this.#occasion;
    const last = await this.#last(key, this.#at(key, key));
    const old = await sessions.find(key, keeper, this.#deadline);
    if (typeof old !== "string") return this.#lying(key, last, old, again);
    // Another request may have taken it away meanwhile.
    return this.#standing(await this.#last(key, last.takeover), undefined) ?? old;
  }

  #lying(key: string, last: Link, old: Old, again: Again): Candidate | undefined {
    const { takeover, standing } = last;
    if (standing !== undefined && isSameOld(standing, old)) return this.#standing(last, old);
    const adopted = this.#mapped(old);
    if (adopted === undefined) return undefined;
    if (standing === undefined) return this.#new(takeover, old, adopted, again);
    if (!isAnother(standing, old, adopted.userId, this.#deadline.now))
      return this.#standing(last, old);
    const next = this.#new(this.#at(nameAfter(key, standing), key), old, adopted, again);
    if (standing.mark !== undefined || this.#occasion.isReadOnly) return next;
    return { is: next.is, take: () => takeover.noteOther(standing).then(again) };
  }

  /**
   * One that is whole in its cookie. Visitors who are not signed in may hold the very same text, so
   * that theirs tells nobody apart: each request begins a session of its own.
   */
  async #whole(value: string, again: Again): Promise<Candidate | Rejection | undefined> {
    const { keeper, old: sessions } = this.#occasion;
    const old = await sessions.open(value, keeper, this.#deadline);
    if (typeof old === "string") return old;
    const adopted = this.#mapped(old);
    if (adopted === undefined) return undefined;
    const { userId } = adopted;
    if (userId === undefined) {
      const identity = { ...this.#occasion.issue(), markId: undefined };
      return this.#new(this.#takeover({ identity, key: undefined }), old, adopted, again);
    }
    const takeover = this.#at(JSON.stringify([userId, old.content]), undefined);
    const standing = await takeover.look();
    return this.#standing({ takeover, standing }, old) ?? this.#new(takeover, old, adopted, again);
  }

  /** From a place on, the last of one key's at which something is. */
  async #last(key: string, from: Takeover): Promise<Link> {
    let last: Link = { takeover: from, standing: await from.look() };
    for (let links = 1; links < MAX_LINKS && last.standing?.mark !== undefined; links += 1) {
      const takeover = this.#at(nameAfter(key, last.standing), key);
      const standing = await takeover.look();
      if (standing === undefined) break;
      last = { takeover, standing };
    }
    return last;
  }

  #standing({ takeover, standing }: Link, old: Old | undefined): Candidate | undefined {
    if (standing === undefined) return undefined;
    const take = () => this.#trying(takeover).goOn(standing, old);
    const ours = ledTo(standing, this.#deadline.now);
    return { is: ours === undefined ? "over" : isOf(ours.userId), take };
  }

  #new(takeover: Takeover, old: Old, adopted: Adopted<object>, again: Again): Candidate {
    const take = async () => {
      const begun = await this.#trying(takeover).begin(old, adopted);
      return begun === "taken" ? again() : begun;
    };
    return { is: isOf(adopted.userId), take };
  }

  #trying(takeover: Takeover): Takeover {
    this.takeover = takeover;
    return takeover;
  }

  #at(session: string, key: string | undefined): Takeover {
    return this.#takeover({ identity: this.#tools.identityFor(session), key });
  }

  #takeover(course: ConstructorParameters<typeof Takeover>[2]): Takeover {
    return new Takeover(this.#tools, this.#occasion, course, this.#deadline);
  }

  #mapped(old: Old): Adopted<object> | undefined {
    try {
      return mapped(this.#tools.map, old, this.#deadline.now);
    } catch (error) {
      this.#occasion.report(error);
      return undefined;
    }
  }
}

/** Looks once more. */
type Again = () => Promise<Outcome>;

function isOf(userId: string | undefined): Candidate["is"] {
  return userId === undefined ? "anonymous" : "signed in";
}

/** What the session is called that has followed under the same key. */
function nameAfter(key: string, { mark }: Standing): string {
  return JSON.stringify([key, mark?.version ?? ""]);
}
