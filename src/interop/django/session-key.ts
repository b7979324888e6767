import type { RandomBytes } from "../../core/token.ts";
import type { KeyCookie } from "../foreign/foreign-sessions.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const LENGTH = 32;
const FORM = /^[a-z0-9]{32}$/;

/** The cookie holds the key itself. Django looks for longer ones too, and makes none. */
export const SESSION_KEY: KeyCookie = {
  read: (value) => (FORM.test(value) ? { key: value } : "malformed"),
  write: (key) => key,
  draw: (random) => drawn(random, LETTERS, LENGTH),
};

/** Letters, each as likely as the next. */
export function drawn(random: RandomBytes, letters: string, length: number): string {
  const below = letters.length * Math.floor(256 / letters.length);
  let text = "";
  while (text.length < length) {
    const fair = [...random(2 * length)].filter((byte) => byte < below);
    text += fair.map((byte) => letters.charAt(byte % letters.length)).join("");
  }
  return text.slice(0, length);
}
