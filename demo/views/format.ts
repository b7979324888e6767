import type { Visitor } from "../visitor.ts";
import type { Language, Words } from "../words/words.ts";
import { type Html, html } from "./html.ts";

/** A price, written as the language does. */
export function price(cents: number, language: Language): string {
  const format = new Intl.NumberFormat(language, { style: "currency", currency: "EUR" });
  return format.format(cents / 100);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** How long ago it was. No clock time, as the visitor's time zone is not known. */
export function ago(
  at: number,
  { now, language }: Pick<Visitor, "now" | "language">,
  { justNow }: Words,
): string {
  const passed = now - at;
  const step = STEPS.find(([, ms]) => passed >= ms);
  if (step === undefined) return justNow;
  const [unit, ms] = step;
  return new Intl.RelativeTimeFormat(language).format(-Math.floor(passed / ms), unit);
}

/** An address that may go on in a new line at its signs, and only there. */
export function email(address: string): Html {
  return html`${address.split(/(?=[@.])/).map((part) => html`<wbr>${part}`)}`;
}

/** Time left as `29:05`, `11:59:05` or `13 days 04:00:00`. `public/panel.js` goes on with it. */
export function timeLeft(ms: number, days: (count: number) => string): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const wholeDays = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const clock = [Math.floor((seconds % 3_600) / 60), seconds % 60];
  if (wholeDays > 0 || hours > 0) clock.unshift(hours);
  const text = clock.map((part) => String(part).padStart(2, "0")).join(":");
  return wholeDays > 0 ? `${days(wholeDays)} ${text}` : text;
}
