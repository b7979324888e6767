import { type Policies, policyFor } from "../clocks.ts";
import { flashText } from "../commit/edit.ts";
import { pick } from "../json.ts";
import type { EpochMs, SessionRecord } from "../record.ts";
import type { Shape } from "../shape.ts";

/** What a record says, before it has an identity. */
export type Fields = Omit<
  SessionRecord,
  "kind" | "id" | "manager" | "version" | "earlier" | "expiresAt"
>;

/** Which data a sign-in takes along. */
export type Keep = "all" | "none" | readonly string[];

/** Who signs in, and how. */
export interface SignIn {
  readonly userId: string;
  readonly device: string | undefined;
  readonly keep: Keep;
  readonly persistent: boolean;
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
  newest: Pick<SessionRecord, "data" | "flash">,
  { userId, device, keep, persistent }: SignIn,
  now: EpochMs,
): Fields {
  const kept =
    keep === "all"
      ? { data: newest.data, flash: newest.flash }
      : { data: picked(shape, newest.data, keep), flash: flashText([]) };
  return {
    ...kept,
    notes: undefined,
    userId,
    device,
    persistent,
    createdAt: now,
    lastSeenAt: now,
    authenticatedAt: now,
    ...policyFor(policies, { persistent, userId }),
  };
}

function picked(shape: Shape, data: string, keep: Exclude<Keep, "all">): string {
  return JSON.stringify(pick(shape.document(data), keep === "none" ? [] : keep));
}
