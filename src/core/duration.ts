import { OptionsError } from "./errors.ts";

type Unit = "ms" | "s" | "m" | "h" | "d" | "w";

const UNIT_MS: Readonly<Record<Unit, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds, or a number with its unit: `"30m"`, `"12h"`, `"7d"`. */
export type Duration = number | `${number}${Unit}`;

const LITERAL = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;

/**
 * Reads a duration as whole milliseconds.
 *
 * @throws {@link OptionsError} if it is not a positive, finite time.
 */
export function durationMs(option: string, value: Duration): number {
  const given = typeof value === "string" ? literalMs(value) : value;
  const ms = typeof given === "number" ? Math.round(given) : Number.NaN;
  if (Number.isSafeInteger(ms) && ms > 0) return ms;
  throw new OptionsError(
    option,
    `${describe(value)} is not a duration. Write milliseconds (1800000) or a number with its ` +
      'unit: "90s", "30m", "12h", "7d", "2w".',
  );
}

function literalMs(text: string): number {
  const match = LITERAL.exec(text);
  if (match === null) return Number.NaN;
  return Number(match[1]) * UNIT_MS[match[2] as Unit];
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  return typeof value === "number" ? String(value) : `a value of type ${typeof value}`;
}
