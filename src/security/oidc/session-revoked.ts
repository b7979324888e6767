import { startDeadline } from "../../core/engine.ts";
import type { SessionFacts } from "../../core/record.ts";
import { infoOf } from "../../core/session-info.ts";
import type { SessionInfo } from "../../core/sessions.ts";
import { beganAt, endMeant, isNamed } from "./ending.ts";
import type { Federation } from "./federation.ts";
import { bothOf, type Named } from "./provider-marks.ts";
import { isOfUser, nameIn, type Part, partsOf, type SubjectId } from "./subject.ts";

/** How to understand whom an event is about. */
export interface SubjectOptions {
  /**
   * Your own id of somebody whom the provider does not name by issuer and subject, nor by its session: by
   * an address of mail, for one. All sessions of theirs end then, wherever they signed in; so believe of an
   * issuer only what it may say. `undefined` for who is unknown here.
   */
  readonly userOf?:
    | ((subject: SubjectId, issuer: string) => Promise<string | undefined>)
    | undefined;
  /**
   * Whether a session is meant by a part of a subject that only you understand: `device`, `tenant`. What
   * is left out means none.
   */
  readonly isMeant?:
    | ((session: SessionInfo, part: string, subject: SubjectId) => boolean)
    | undefined;
}

/** What a provider has revoked, and when. */
export interface Revocation {
  readonly issuer: string;
  readonly subject: SubjectId;
  /** Sessions that began later go on. Epoch ms. */
  readonly upTo: number;
}

/** Ends the sessions that all parts of a subject mean. Resolves to how many have ended. */
export async function endRevoked(
  federation: Federation,
  { issuer, subject, upTo }: Revocation,
  { userOf, isMeant = () => false }: SubjectOptions,
): Promise<number> {
  const { engine, marks } = federation;
  const parts = partsOf(subject);
  const described = parts.find(isOfUser);
  const ownUser = described && (await userOf?.(described.subject, issuer));
  const names = parts.flatMap((part) => nameIn(part, issuer) ?? []);
  // First the mark, then whose sessions they are: a sign-in under way sees the one, or is seen.
  for (const named of marksFor(parts, names, issuer, ownUser)) {
    await marks.ended(named, upTo, startDeadline(engine));
  }
  const users = new Set(ownUser === undefined ? [] : [ownUser]);
  for (const named of names) {
    for (const user of (await marks.read(named, startDeadline(engine))).users) users.add(user);
  }
  let ended = 0;
  for (const userId of users) {
    const meansBy = (part: Part, facts: SessionFacts): boolean => {
      const named = nameIn(part, issuer);
      if (named !== undefined && isNamed(facts, named)) return true;
      if (isOfUser(part) && userId === ownUser) return true;
      return named === undefined && isMeant(infoOf(facts), part.name, part.subject);
    };
    ended += await endMeant(engine, userId, (facts) => {
      return beganAt(facts, issuer) <= upTo && parts.every((part) => meansBy(part, facts));
    });
  }
  return ended;
}

/** What is to be marked as ended: nothing where some part is for the application to understand. */
function marksFor(
  parts: readonly Part[],
  names: readonly Named[],
  issuer: string,
  ownUser: string | undefined,
): readonly Named[] {
  const [first, second] = names.toSorted((one, other) => other.kind.localeCompare(one.kind));
  if (parts.length === 1) {
    const user: Named[] = ownUser === undefined ? [] : [{ issuer, kind: "user", value: ownUser }];
    return [...names, ...user];
  }
  const isPair = parts.length === 2 && first?.kind === "sub" && second?.kind === "sid";
  return isPair ? [bothOf([first, second])] : [];
}
