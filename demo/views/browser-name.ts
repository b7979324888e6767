import Bowser from "bowser";
import type { Words } from "../words/words.ts";

/** A browser, as a person would name it. */
export interface BrowserName {
  readonly name: string;
  readonly isPhone: boolean;
}

/** Reads what a browser says of itself. */
export function browserIn(userAgent: string | undefined, { devices }: Words): BrowserName {
  if (!userAgent) return { name: devices.unknown, isPhone: false };
  const { browser, os, platform } = Bowser.parse(userAgent);
  const name = browser.name
    ? `${browser.name} ${browser.version?.split(".")[0] ?? ""}`.trim()
    : devices.unknown;
  const isPhone = platform.type === "mobile" || platform.type === "tablet";
  return { name: os.name ? devices.on(name, os.name) : name, isPhone };
}
