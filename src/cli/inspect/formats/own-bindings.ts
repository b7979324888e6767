import { type Binding, bindTo } from "../../../sealing/binding.ts";
import type { Context, Specimen } from "../specimen.ts";

/** What one of our texts may have been made for. */
export interface Purpose {
  readonly kind: "session" | "idle" | "own" | "value";
  readonly binding: Binding;
  readonly text: string;
}

const MOST_CHUNKS = 8;
const PREFIXED = /^__(?:Host|Secure)-/;

/** All that a text may have been sealed or signed for, as far as the cookie's name and the options say. */
export function purposesOf(
  how: "signed" | "sealed",
  { name }: Specimen,
  { purpose, audience }: Context,
): readonly Purpose[] {
  const value: Purpose[] =
    purpose === undefined
      ? []
      : [{ kind: "value", binding: bindTo("sojourn/value", purpose), text: `"${purpose}"` }];
  if (name === undefined || !name.isWellFormed()) return value;
  const audiences = audience === undefined ? [] : [audience];
  const own = bindTo(`sojourn/cookie-${how}`, name, ...audiences);
  const ownPurpose: Purpose = { kind: "own", binding: own, text: `a ${how} cookie of your own` };
  if (how === "signed") return [...value, ownPurpose];
  return [...sessionPurposes(name, audiences), idlePurpose(name, audiences), ownPurpose, ...value];
}

function sessionPurposes(name: string, audiences: readonly string[]): readonly Purpose[] {
  return Array.from({ length: MOST_CHUNKS }, (_, at) => ({
    kind: "session",
    binding: bindTo("sojourn/cookie-session", name, String(at + 1), ...audiences),
    text: at === 0 ? "a session in its cookie" : `a session in ${at + 1} cookies`,
  }));
}

function idlePurpose(name: string, audiences: readonly string[]): Purpose {
  const binding = bindTo("sojourn/cookie-idle", name, ...audiences);
  return { kind: "idle", binding, text: "the idle clock of a session in its cookie" };
}

/** The name of the manager whose cookie it is, if it was not named otherwise. */
export function managerOf({ name }: Specimen, { manager }: Context): string {
  return manager ?? name?.replace(PREFIXED, "") ?? "session";
}
