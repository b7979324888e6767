import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Contestant } from "./contestant.ts";
import type { Result, Row } from "./findings.ts";

const FOLDER = new URL("../results/", import.meta.url);

/** What is kept of a contestant's last run. */
export function keepResult(result: Result): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL(fileOf(result), FOLDER), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** All that are kept, in the order of the contestants. */
export function readResults(contestants: readonly Contestant[]): readonly Row[] {
  const kept = new Set(readdirSync(FOLDER));
  return contestants
    .filter((contestant) => kept.has(fileOf(contestant)))
    .map((contestant) => ({ ...readResult(contestant), notes: contestant.notes ?? [] }));
}

function readResult(contestant: Contestant): Result {
  return JSON.parse(readFileSync(new URL(fileOf(contestant), FOLDER), "utf8"));
}

function fileOf({ name, setting }: Pick<Contestant, "name" | "setting">): string {
  const words = `${name} ${setting}`.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${words.join("-")}.json`;
}
