import { readArguments } from "../arguments.ts";
import { readInput } from "../input.ts";
import { instantIn, lifetimeIn } from "../instants.ts";
import { KEY_OPTIONS, keysOf } from "../keys.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import { findingsIn } from "./findings-in.ts";
import { findingsJson } from "./findings-json.ts";
import { findingsText } from "./findings-text.ts";

const OPTIONS: readonly string[] = [
  ...KEY_OPTIONS,
  ...["file", "now", "lifetime", "purpose", "audience", "manager"],
];

/** Tells what a cookie, a header or a stored session is, and whether it counts. */
export async function inspect(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: OPTIONS, flags: ["json"] });
  const lifetime = given.one("lifetime");
  const context = {
    keys: await keysOf(given, world),
    now: instantIn(given.one("now") ?? String(Math.floor(world.now() / 1_000))),
    lifetimeMs: lifetime === undefined ? undefined : lifetimeIn(lifetime),
    purpose: given.one("purpose"),
    audience: given.one("audience"),
    manager: given.one("manager"),
  };
  const findings = findingsIn(await readInput(given, world), context);
  if (findings.length === 0) throw new WrongInput(UNKNOWN);
  world.print(
    given.has("json") ? findingsJson(findings) : findingsText(findings, context.now, world.paint),
  );
  return findings.some(({ verdict }) => verdict === "refused") ? 1 : 0;
}

const UNKNOWN =
  "Nothing here is of a known format: pass the whole value of a cookie, in quotes, or what a store holds.";
