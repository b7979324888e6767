import {
  type AskedLifetime,
  type Policies,
  policyAsked,
  policyBounded,
  policyFor,
} from "../clocks.ts";
import { flashText, type Label } from "../commit/edit.ts";
import { type Factors, factorsIn, NO_FACTORS, ofFactors } from "../factors.ts";
import { pick } from "../json.ts";
import { isKept, type Keep } from "../keeping.ts";
import { withLeasesOf } from "../leases.ts";
import {
  type Bounds,
  boundsIn,
  dueTimesIn,
  editNotes,
  type Naming,
  type NoteEdit,
  namingIn,
  ofBounds,
  ofDueTimes,
  ofNaming,
  withFlowsOf,
} from "../notes.ts";
import type { EpochMs, Policy, SessionRecord } from "../record.ts";
import type { Shape } from "../shape.ts";

/** What a record says, before it has an identity. */
export type Fields = Omit<
  SessionRecord,
  "kind" | "id" | "manager" | "version" | "earlier" | "expiresAt"
>;

/** Who signs in, and how. */
export interface SignIn {
  readonly userId: string;
  readonly device: string | undefined;
  readonly keep: Keep;
  readonly persistent: boolean;
  /** A lifetime of its own, where one is asked for. */
  readonly lifetime: AskedLifetime | undefined;
  /** What the device is called; left out, what the same visitor has called it. */
  readonly label?: Label | undefined;
  /** Where that is; left out, where the same user was. */
  readonly place?: Label | undefined;
  /** What the user has proved here, and when. */
  readonly factors?: Factors | undefined;
  /** When the user proved who they are, where that was elsewhere and earlier. */
  readonly authenticatedAt?: EpochMs | undefined;
  /** What else is noted of the new session. */
  readonly edits?: readonly NoteEdit[] | undefined;
  /** Where the user has not proved who they are here, but to the session that hands it on. */
  readonly handedOff?: HandedOff | undefined;
}

/** What a session hands on of its own sign-in. */
interface HandedOff {
  readonly authenticatedAt: EpochMs | undefined;
  /** The user's generation that the session was admitted under when it handed the sign-in on. */
  readonly generation: number;
  /** That session, as it is now. */
  readonly from: SessionRecord;
}

/** What the record of a new visitor begins with. */
export function anonymousFields(
  { policies }: { readonly policies: Policies },
  now: EpochMs,
): Fields {
  return {
    data: "{}",
    flash: "",
    notes: undefined,
    userId: undefined,
    createdAt: now,
    lastSeenAt: now,
    authenticatedAt: undefined,
    persistent: false,
    device: undefined,
    ...policyFor(policies, { persistent: false, userId: undefined }),
  };
}

/** What the record of a user begins with who signs in on top of another one. Both clocks restart. */
export function signedInFields(
  { policies, shape }: { readonly policies: Policies; readonly shape: Shape },
  newest: Pick<Fields, "data" | "flash" | "notes" | "userId">,
  signIn: SignIn,
  now: EpochMs,
): Fields {
  const { userId, device, keep, lifetime, handedOff } = signIn;
  const persistent = signIn.persistent && policies.remembersNobody !== true;
  const isChosen = keep !== "all" && keep !== "usual";
  const kept = {
    data: keep === "all" ? newest.data : picked(shape, newest.data, keep),
    flash: isChosen ? flashText([]) : newest.flash,
  };
  const usual = policyFor(policies, { persistent, userId });
  const policy = lifetime === undefined ? usual : policyAsked(usual, policies, lifetime, now);
  const notes = editNotes(undefined, [
    ...(lifetime === undefined ? [] : [ofBounds(boundsOf(lifetime, policy, now))]),
    // Whoever takes the data along knows what was begun with it.
    ...(keep === "none" || keep.length === 0 ? [] : [withLeasesOf(newest.notes)]),
    ...timesKept(newest, keep),
    ofNaming(namingOf(newest, signIn)),
    ...factorsOf(newest, signIn),
    // A step-up goes on with the flow that has asked for it.
    ...(newest.userId === userId ? [withFlowsOf(newest.notes)] : []),
    ...(signIn.edits ?? []),
  ]);
  return {
    ...kept,
    notes,
    userId,
    device,
    persistent,
    createdAt: now,
    lastSeenAt: now,
    authenticatedAt:
      handedOff === undefined ? (signIn.authenticatedAt ?? now) : handedOff.authenticatedAt,
    // What else is noted may have bounded it further.
    ...policyBounded(policy, boundsIn({ notes }), now),
  };
}

/** What was asked for holds on, whatever the visitor wishes later. */
function boundsOf(asked: AskedLifetime, policy: Policy, now: EpochMs): Bounds {
  const hasEnd = asked.absoluteTimeoutMs !== undefined || asked.endsAt !== undefined;
  return {
    idleTimeoutMs:
      asked.idleTimeoutMs === undefined ? Number.POSITIVE_INFINITY : policy.idleTimeoutMs,
    endsAt: hasEnd ? now + policy.absoluteTimeoutMs : Number.POSITIVE_INFINITY,
  };
}

/** The device is the same where the visitor is; the place, where the user is. */
function namingOf(
  newest: Pick<SessionRecord, "notes" | "userId">,
  { userId, label, place }: SignIn,
): Naming {
  const before = namingIn(newest);
  const isSameUser = newest.userId === userId;
  const isSameVisitor = isSameUser || newest.userId === undefined;
  return {
    label: label === undefined && isSameVisitor ? before.label : label?.text,
    place: place === undefined && isSameUser ? before.place : place?.text,
  };
}

/**
 * What was proved of the same user here stays proved, as long ago as it was (NIST SP 800-63B-4, 5.1: no
 * session is worth more than what was proved in it).
 */
export function provedIn(
  newest: Pick<SessionRecord, "notes" | "userId">,
  { userId, factors = NO_FACTORS }: Pick<SignIn, "userId" | "factors">,
): Factors {
  const before = newest.userId === userId ? factorsIn(newest) : NO_FACTORS;
  return before.size === 0 ? factors : new Map([...before, ...factors]);
}

function factorsOf(
  newest: Pick<SessionRecord, "notes" | "userId">,
  signIn: SignIn,
): readonly NoteEdit[] {
  const proved = provedIn(newest, signIn);
  return proved.size === 0 ? [] : [ofFactors(proved)];
}

/** What is taken along is due when it was to be due. */
function timesKept({ notes }: Pick<SessionRecord, "notes">, keep: Keep): readonly NoteEdit[] {
  const times = dueTimesIn(notes);
  if (times === undefined || keep === "none") return [];
  return [ofDueTimes(new Map([...times].filter(([key]) => isKept(keep, key))))];
}

function picked(shape: Shape, data: string, keep: Exclude<Keep, "all">): string {
  const document = shape.document(data);
  const keys = Object.keys(document);
  const kept = keys.filter((key) => isKept(keep, key));
  return kept.length === keys.length ? data : JSON.stringify(pick(document, kept));
}
