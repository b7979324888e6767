import type { Deadline } from "../../core/deadline.ts";
import type { Engine, Verdict } from "../../core/engine.ts";
import type { RequestHead } from "../../core/exchange.ts";
import type { SessionRecord } from "../../core/record.ts";
import { parseToken } from "../../core/token.ts";
import { type Binding, hasValue } from "./binding.ts";
import { cookieIn, dropCookie, setCookie } from "./cookies.ts";
import { type AnswerLine, DeviceProofError } from "./errors.ts";
import { hashOf } from "./hashes.ts";
import { type BindingNote, ofBinding } from "./note.ts";
import type { Terms } from "./options.ts";
import { type Judgement, judgeProof, type Presented } from "./verdict.ts";

/** Browsers go on from page to page faster; who is asked again after that is asked anew. */
const ASKED_MS = 30_000;

/** A session that is asked for, and what binds it. */
export interface Asked {
  readonly record: SessionRecord;
  readonly note: BindingNote;
  readonly binding: Binding | undefined;
  readonly request: RequestHead;
  readonly deadline: Deadline;
}

/**
 * What becomes of a request for it.
 *
 * @throws {@link DeviceProofError} where the session is not to be opened, and nobody else's either.
 */
export function guarded(asked: Asked, engine: Engine, terms: Terms): Verdict {
  const presented = presentedBy(asked, engine, terms);
  const { note, binding, deadline } = asked;
  const judgement = judgeProof(note, binding, presented, terms.isRequired, deadline.now);
  switch (judgement) {
    case "proved":
    case "unbound":
      return { kind: "accepted", edits: [] };
    case "confirmed":
      return noting({ ...note, stage: "bound" });
    case "forgotten":
      return noting(undefined);
    case "script":
      return noting({ ...note, stage: "script" });
    case "again":
    case "later":
    case "blocked":
      throw new DeviceProofError(judgement, linesFor(judgement, presented, terms));
    case "gone":
      return { kind: "ended", reason: "unproven" };
    case "lost":
    case "copied":
      return refused(judgement, asked, engine, terms);
    default:
      return judgement satisfies never;
  }
}

/** Whether this browser was asked a moment ago to come again. */
export function wasAsked(request: RequestHead, { triedCookie }: Terms): boolean {
  return cookieIn(request, triedCookie) !== undefined;
}

function presentedBy(
  { request, binding, deadline }: Asked,
  engine: Engine,
  terms: Terms,
): Presented {
  const value = cookieIn(request, terms.boundCookie);
  const token = value === undefined ? undefined : parseToken(value);
  const isValid =
    token !== undefined &&
    binding !== undefined &&
    hasValue(binding, hashOf(token, engine), deadline.now);
  const stale = value === undefined ? "absent" : "stale";
  return { cookie: isValid ? "valid" : stale, wasAsked: wasAsked(request, terms), request };
}

function noting(note: BindingNote | undefined): Verdict {
  return { kind: "accepted", edits: [ofBinding(note)] };
}

function refused(
  reason: "lost" | "copied",
  { record, request, deadline }: Asked,
  engine: Engine,
  { onMissing }: Terms,
): Verdict {
  const { id, userId } = record;
  engine.events.emit("proofMissing", { at: deadline.now, id, userId, reason }, request);
  const isEnded = reason === "copied" && onMissing === "revoke";
  return { kind: isEnded ? "ended" : "refused", reason: "unproven" };
}

/** What makes the browser prove its key, and come again where a page is to be shown. */
function linesFor(
  judgement: Extract<Judgement, "again" | "later" | "blocked">,
  { cookie }: Presented,
  { boundCookie, triedCookie }: Terms,
): readonly AnswerLine[] {
  const lines: AnswerLine[] = [];
  if (cookie === "stale") lines.push(["Set-Cookie", dropCookie(boundCookie)]);
  if (judgement === "later") lines.push(["Retry-After", "60"]);
  // The browser's own reload comes from the same origin, for which it does prove its key.
  if (judgement === "again") {
    lines.push(["Set-Cookie", setCookie(triedCookie, "1", ASKED_MS)], ["Refresh", "0"]);
  }
  return lines;
}
