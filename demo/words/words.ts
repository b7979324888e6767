import { de } from "./de.ts";
import { en, type Words } from "./en.ts";

export type { Words } from "./en.ts";

export type Language = "en" | "de";

export const WORDS: Readonly<Record<Language, Words>> = { en, de };

/** A notice that one request leaves for the next. */
export type Notice = keyof Words["notices"];

/** Whether a flash message is a notice: another version of the shop may have left it. */
export function isNotice(message: unknown): message is Notice {
  return typeof message === "string" && Object.hasOwn(en.notices, message);
}
