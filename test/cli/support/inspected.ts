import { findingsIn, type NamedFinding } from "../../../src/cli/inspect/findings-in.ts";
import type { Context } from "../../../src/cli/inspect/specimen.ts";
import type { NamedKey } from "../../../src/cli/keys.ts";

/** What the command knows besides the input, where a test says nothing of it. */
export interface Given extends Partial<Omit<Context, "keys">> {
  readonly keys?: readonly (string | Uint8Array)[];
}

/** What `sojourn inspect` finds in an input. */
export function inspected(input: string | Uint8Array, given: Given = {}): readonly NamedFinding[] {
  const keys = (given.keys ?? []).map((secret, at): NamedKey => ({ secret, place: `key ${at}` }));
  return findingsIn(Buffer.from(input), {
    now: 1_700_000_000_000,
    lifetimeMs: undefined,
    purpose: undefined,
    audience: undefined,
    manager: undefined,
    ...given,
    keys,
  });
}

/** The one finding in an input. */
export function theFinding(input: string | Uint8Array, given: Given = {}): Partial<NamedFinding> {
  const findings = inspected(input, given);
  return findings.length === 1 ? (findings[0] ?? {}) : {};
}
