import type { Named } from "./provider-marks.ts";

/** Whom an event is about: a subject identifier of RFC 9493, or CAEP's `complex` one of several parts. */
export interface SubjectId {
  readonly format: string;
  readonly [member: string]: unknown;
}

/** One of the parts by which a subject is described: a session must be meant by all of them. */
export interface Part {
  /** `user`, `session`, `device` and so on; `whole` of a subject that has no parts. */
  readonly name: string;
  readonly subject: SubjectId;
}

/** A subject identifier; `undefined` for what is none. */
export function subjectIn(value: unknown): SubjectId | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { format } = value as Partial<SubjectId>;
  if (typeof format === "string") return value as SubjectId;
  // Before RFC 9493 a complex subject had no format of its own.
  const isComplex = "user" in value || "session" in value || "device" in value;
  return isComplex ? { ...value, format: "complex" } : undefined;
}

/** The parts of a subject. */
export function partsOf(subject: SubjectId): readonly Part[] {
  const { format, ...parts } = subject;
  if (format !== "complex") return [{ name: "whole", subject }];
  return Object.entries(parts).map(([name, part]) => ({
    name,
    // What is no subject at all means no session.
    subject: subjectIn(part) ?? { format: "unknown" },
  }));
}

/** Whether a part says who somebody is. */
export function isOfUser({ name }: Part): boolean {
  return name === "whole" || name === "user";
}

/** The provider's own name for the user or the session that a part is about, where it is one. */
export function nameIn({ name, subject }: Part, issuer: string): Named | undefined {
  const { format, iss, sub, id } = subject;
  const isOfSession = name === "whole" || name === "session";
  if (isOfSession && format === "opaque" && isText(id)) return { issuer, kind: "sid", value: id };
  // A provider speaks for its own users alone.
  const isOwn = format === "iss_sub" && iss === issuer && isText(sub);
  return isOfUser({ name, subject }) && isOwn ? { issuer, kind: "sub", value: sub } : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
