import { readArguments } from "../arguments.ts";
import { readInput } from "../input.ts";
import { instantIn } from "../instants.ts";
import { KEY_OPTIONS, keysOf } from "../keys.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import { FORGES, type Making } from "./forges.ts";

const OPTIONS: readonly string[] = [...KEY_OPTIONS, "file", "now", "name", "protocol"];

/** Makes a cookie, or what a store holds, of JSON: for tests. */
export async function forge(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: OPTIONS, flags: [] });
  const [format = "", ...rest] = given.rest;
  const made = FORGES.get(format);
  if (made === undefined) {
    throw new WrongInput(`Say what to make, as the first word: ${[...FORGES.keys()].join(", ")}.`);
  }
  const input = await readInput(given, world, rest);
  const [key] = await keysOf(given, world);
  const making: Making = {
    text: input.toString("utf8").trim(),
    secret: () => {
      if (key === undefined) throw new WrongInput(NO_KEY);
      return key.secret;
    },
    now: instantIn(given.one("now") ?? String(Math.floor(world.now() / 1_000))),
    name: given.one("name"),
    protocol: given.one("protocol") ?? "4",
  };
  world.print(`${made(making)}\n`);
  return 0;
}

const NO_KEY = "It is signed, so it needs a key: set SOJOURN_KEY, or pass --key-env or --key-file.";
