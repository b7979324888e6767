import { afterEach, beforeEach } from "vitest";

/** What the library has warned about in the test at hand. */
export function heardWarnings(): () => readonly string[] {
  let heard: string[] = [];
  const hear = (warning: Error): void => {
    if (warning.name === "SojournWarning") heard.push(warning.message);
  };
  beforeEach(() => {
    heard = [];
    process.on("warning", hear);
  });
  afterEach(() => void process.off("warning", hear));
  return () => heard;
}
