import { OptionsError } from "./errors.ts";

/** Longer ones are no name. */
const MAX_NAMING_LENGTH = 200;

/** Enough to find so many characters in, however much of it is white space. */
const MAX_READ_LENGTH = 10 * MAX_NAMING_LENGTH;

/**
 * What would break a line, or turn the direction in which what follows is read: a list of devices
 * must not say something else than it seems to. Halves of surrogate pairs show nothing.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

/**
 * A text that names a device or a place, as it is kept: on one line, and shortened. It may be what a
 * visitor has typed, so that is no error; `undefined` where nothing of it can be seen.
 *
 * @throws {@link OptionsError} if it is no text.
 */
export function namingText(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new OptionsError(option, "must be a text.");
  const line = value.slice(0, MAX_READ_LENGTH).replace(UNPRINTABLE, " ").replace(/\s+/g, " ");
  const text = line
    .trim()
    .slice(0, MAX_NAMING_LENGTH)
    .replace(/\p{Cs}$/u, "")
    .trimEnd();
  return text === "" ? undefined : text;
}
