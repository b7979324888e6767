import { internalsOf } from "../../core/internals.ts";
import type { Policy } from "../../core/record.ts";

/** What sessions live by, for the documentation that OWASP ASVS 5.0, 7.1.1 asks for. */
export interface SessionPolicy {
  /** The name of the sessions. */
  readonly name: string;
  readonly signedIn: Policy;
  /** Those who asked to be remembered; `undefined` where nobody can. */
  readonly persistent: Policy | undefined;
  readonly anonymous: Policy;
  /** The most that a sign-in may ask for; `undefined` where it may only shorten. */
  readonly longest: Policy | undefined;
  /** The names of the protections, in the order in which they are asked. */
  readonly protections: readonly string[];
  /** What goes beyond the levels of NIST SP 800-63B-4, a sentence each: empty where nothing does. */
  readonly deviations: Readonly<Record<"aal1" | "aal2" | "aal3", readonly string[]>>;
  /** All of it as a text, a line each. */
  toString(): string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LEVELS = {
  aal1: { section: "2.1.3", absoluteTimeoutMs: 30 * DAY_MS, idleTimeoutMs: 30 * DAY_MS },
  aal2: { section: "2.2.3", absoluteTimeoutMs: 24 * HOUR_MS, idleTimeoutMs: HOUR_MS },
  aal3: { section: "2.3.3", absoluteTimeoutMs: 12 * HOUR_MS, idleTimeoutMs: 15 * MINUTE_MS },
} as const;

type Level = keyof typeof LEVELS;
type Kinds = Pick<SessionPolicy, "signedIn" | "persistent" | "longest">;

/**
 * The policy that sessions really live by, whatever the options say: for a document, for an audit, for a
 * test that notices when it changes (OWASP ASVS 5.0, 7.1.1).
 *
 * @throws {@link OptionsError} for anything but what `createSessions` returned.
 * @example
 * console.log(String(describePolicy(sessions)));
 */
export function describePolicy(sessions: object): SessionPolicy {
  const { engine } = internalsOf(sessions);
  const { signedIn, anonymous, longest, remembersNobody, persistent } = engine.policies;
  const kinds = { signedIn, persistent: remembersNobody ? undefined : persistent, longest };
  const policy = {
    name: engine.name,
    ...kinds,
    anonymous,
    protections: engine.protectionNames,
    deviations: {
      aal1: deviationsFrom("aal1", kinds),
      aal2: deviationsFrom("aal2", kinds),
      aal3: deviationsFrom("aal3", kinds),
    },
  };
  return { ...policy, toString: () => textOf(policy) };
}

function deviationsFrom(level: Level, { signedIn, persistent, longest }: Kinds): string[] {
  const limits = LEVELS[level];
  const lines: string[] = [];
  const kinds = { "signed in": signedIn, remembered: persistent, "asked for": longest };
  for (const [kind, policy] of Object.entries(kinds)) {
    if (policy === undefined) continue;
    for (const clock of ["idleTimeoutMs", "absoluteTimeoutMs"] as const) {
      if (policy[clock] <= limits[clock]) continue;
      const [is, most] = [durationText(policy[clock]), durationText(limits[clock])];
      lines.push(
        `${kind}: ${clock.replace("TimeoutMs", "")} ${is}, more than ${most} (${limits.section})`,
      );
    }
  }
  if (persistent !== undefined) lines.push("remembered: the cookie outlives the browser (5.1)");
  return lines;
}

function textOf(policy: Omit<SessionPolicy, "toString">): string {
  const { name, signedIn, persistent, anonymous, longest, protections, deviations } = policy;
  const remembered = persistent && clocksText(persistent);
  return [
    `Policy of the sessions "${name}" (OWASP ASVS 5.0, 7.1.1; timeouts: 7.3.1, 7.3.2)`,
    `  signed in:   ${clocksText(signedIn)}`,
    `  remembered:  ${remembered ?? "nobody"}`,
    `  anonymous:   ${clocksText(anonymous)}`,
    `  asked for:   ${longest === undefined ? "only less" : `up to ${clocksText(longest)}`}`,
    `  protections: ${protections.length === 0 ? "none" : protections.join(", ")}`,
    "NIST SP 800-63B-4",
    ...Object.entries(deviations).flatMap(([level, lines]) => levelText(level, lines)),
  ].join("\n");
}

function levelText(level: string, lines: readonly string[]): string[] {
  const name = level.toUpperCase();
  if (lines.length === 0) return [`  ${name}: within its limits`];
  return [`  ${name}: beyond its limits`, ...lines.map((line) => `    ${line}`)];
}

function clocksText({ idleTimeoutMs, absoluteTimeoutMs }: Policy): string {
  return `idle ${durationText(idleTimeoutMs)}, absolute ${durationText(absoluteTimeoutMs)}`;
}

const UNITS = [
  ["d", DAY_MS],
  ["h", HOUR_MS],
  ["m", MINUTE_MS],
  ["s", 1_000],
] as const;

/** In the largest unit in which it is whole; a single day is 24 hours, as the standards say. */
function durationText(ms: number): string {
  const isWhole = (each: number): boolean => ms % each === 0 && ms !== DAY_MS;
  const [unit, size] = UNITS.find(([, each]) => isWhole(each)) ?? ["h", HOUR_MS];
  return `${ms / size} ${unit}`;
}
