import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { longestLifeMs } from "../../core/clocks.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Engine } from "../../core/engine.ts";
import { StoreError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { commitsBefore, type StoredSession } from "../../core/record.ts";
import { sideContent, sideManager, sideRecord } from "../../core/side-record.ts";
import { newCommitId, type SessionId, sideId } from "../../core/token.ts";

/**
 * What an identity provider names when it ends something: a session of its own (`sid`), a user of its own
 * (`sub`), a session only if it is that user's (`both`), or one of our users (`user`).
 */
export interface Named {
  readonly issuer: string;
  readonly kind: "sid" | "sub" | "both" | "user";
  readonly value: string;
}

/** Until when a session of a provider's has ended that has: for ever. Epoch ms. */
export const FOR_EVER: number = Number.MAX_SAFE_INTEGER;

/** What is a user's and a session's at once. @param names - The user and the session. */
export function bothOf([user, session]: readonly Named[]): Named {
  const value = JSON.stringify([user?.value, session?.value]);
  return { issuer: user?.issuer ?? "", kind: "both", value };
}

/** What is known of it. */
export interface Mark {
  /** Whose sessions came of it, the newest last. */
  readonly users: readonly string[];
  /** Until when it was ended: epoch ms. 0 where it was not. */
  readonly endedUpTo: number;
}

const UNMARKED: Mark = { users: [], endedUpTo: 0 };
/** One user at the provider is one of ours, unless accounts were linked anew. */
const MAX_USERS = 8;
const MAX_CONFLICTS = 16;
const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Keeps, beside the sessions, which of our users an identity provider's words are about, and what it has
 * ended: a logout may come before the session is stored that it is meant for.
 *
 * Each mark is kept under a hash of what the provider says, and the users in it are sealed by that too:
 * whoever reads the store learns no name, and needs none to be removed when a user is forgotten.
 */
export class ProviderMarks {
  readonly #engine: Engine;
  readonly #kind: string;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#kind = sideManager(engine.name, "oidc");
  }

  async read(named: Named, deadline: Deadline): Promise<Mark> {
    return this.#markIn(named, await this.#engine.keeper.load(this.#id(named), deadline));
  }

  /** Notes that a session of the user came of it. Resolves to what is known of it then. */
  began(named: Named, userId: string, deadline: Deadline): Promise<Mark> {
    const also = ({ users, endedUpTo }: Mark): Mark => ({
      users: [...users.filter((known) => known !== userId), userId].slice(-MAX_USERS),
      endedUpTo,
    });
    return this.#change(named, also, deadline);
  }

  /** Notes that the provider has ended it. Resolves to what is known of it then. */
  ended(named: Named, upTo: number, deadline: Deadline): Promise<Mark> {
    const ending = ({ users, endedUpTo }: Mark): Mark => ({
      users,
      endedUpTo: Math.max(endedUpTo, upTo),
    });
    return this.#change(named, ending, deadline);
  }

  async #change(named: Named, change: (mark: Mark) => Mark, deadline: Deadline): Promise<Mark> {
    const { keeper } = this.#engine;
    const id = this.#id(named);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const stored = await keeper.load(id, deadline);
      const mark = change(this.#markIn(named, stored));
      if (await this.#isWritten(named, mark, stored, deadline)) return mark;
    }
    throw new StoreError("update", "failed", "other sign-ins of the same user kept winning");
  }

  async #isWritten(
    named: Named,
    mark: Mark,
    stored: StoredSession | undefined,
    deadline: Deadline,
  ): Promise<boolean> {
    const { keeper, environment, policies } = this.#engine;
    const record = sideRecord({
      id: this.#id(named),
      manager: this.#kind,
      version: newCommitId(environment.random),
      content: this.#contentOf(named, mark),
      writtenAt: deadline.now,
      endsAt: deadline.now + longestLifeMs(policies),
    });
    if (stored?.kind !== "live") return (await keeper.create(record, deadline)) === "created";
    const successor = { ...record, earlier: commitsBefore(stored) };
    return (await keeper.update(successor, stored.version, deadline)).kind === "updated";
  }

  #contentOf(named: Named, { users, endedUpTo }: Mark): JsonObject {
    const iv = this.#engine.environment.random(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key(named), iv);
    const sealed = [Buffer.from(iv), cipher.update(JSON.stringify(users)), cipher.final()];
    const users64 = Buffer.concat([...sealed, cipher.getAuthTag()]).toString("base64url");
    return { users: users64, endedUpTo };
  }

  // Nobody else writes under such a name, so what is there has the form that we gave it.
  #markIn(named: Named, stored: StoredSession | undefined): Mark {
    const content = sideContent(stored, this.#kind);
    if (content === undefined) return UNMARKED;
    const bytes = Buffer.from(String(content["users"]), "base64url");
    const decipher = createDecipheriv(CIPHER, this.#key(named), bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
    const users: string[] = JSON.parse(Buffer.concat([text, decipher.final()]).toString());
    return { users, endedUpTo: Number(content["endedUpTo"]) };
  }

  #key({ issuer, kind, value }: Named): Buffer {
    const text = JSON.stringify(["sojourn/oidc/users", this.#engine.name, issuer, kind, value]);
    return createHash("sha256").update(text).digest();
  }

  #id({ issuer, kind, value }: Named): SessionId {
    return sideId(this.#kind, JSON.stringify([issuer, kind, value]));
  }
}
