import { printable } from "../printable.ts";
import type { Paint } from "../world.ts";
import type { PlainData } from "./plain-hunt.ts";
import type { Closed, Opened } from "./sealed-hunt.ts";
import type { Source } from "./sources.ts";
import type { FoundToken } from "./token-hunt.ts";

/** What an examination has brought to light. */
export interface Findings {
  /** How many ids of sessions the dump has, live ones and ended ones. */
  readonly sessions: number;
  readonly sources: readonly Source[];
  readonly tokens: readonly FoundToken[];
  readonly plain: readonly PlainData[];
  readonly opened: readonly Opened[];
  readonly closed: Closed;
}

/** The findings for people. */
export function findingsText(findings: Findings, paint: Paint, isShown: boolean): string {
  const { sessions, sources, tokens, plain, opened, closed } = findings;
  const value = (text: string): string => (isShown ? `\n    ${printable(text)}` : "");
  const lines = [
    paint("title", `${sessions} ids of sessions, in ${sources.length} files`),
    ...tokens.map(
      ({ id, source, offset, spelling, token }) =>
        `${paint("bad", "✗ token")} of ${id}: ${spelling}, ${at(source)}, byte ${offset}${value(token)}`,
    ),
    ...plain.map(
      ({ id, source, keys, text }) =>
        `${paint("bad", "✗ in plain")} beside ${id}: ${named(keys)}, ${at(source)}${value(text)}`,
    ),
    ...opened
      .filter(({ kind }) => kind !== "facts")
      .map(({ source, kind, keys, text }) => {
        const what = kind === "key" ? "a key of a ring" : named(keys);
        return `${paint("bad", "✗ opened")} by the keys: ${what}, ${at(source)}${value(text)}`;
      }),
    ...verdict(findings, paint),
    `  closed: ${closed.bound} sealed to their tokens, ${closed.otherKeys} under keys that are not here`,
    ...factsLine(opened),
  ];
  return `${lines.join("\n")}\n`;
}

function verdict({ tokens, plain, opened }: Findings, paint: Paint): readonly string[] {
  const data = opened.filter(({ kind }) => kind === "data").length;
  if (tokens.length + plain.length + data > 0) return [];
  return [paint("good", "✓ no usable token, and no data")];
}

function factsLine(opened: readonly Opened[]): readonly string[] {
  const facts = opened.filter(({ kind }) => kind === "facts").length;
  return facts === 0
    ? []
    : [`  opened by the keys, as meant: device and notes of ${facts} records`];
}

function at({ kind, path }: Source): string {
  return `${kind} ${printable(path)}`;
}

function named(keys: readonly string[]): string {
  return keys.length === 0 ? "data" : `the keys ${keys.map(printable).join(", ")}`;
}
