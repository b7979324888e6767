import { decodedUtf8 } from "../interop/python/utf8.ts";
import type { Given } from "./arguments.ts";
import { readSmallFile } from "./input.ts";
import type { World } from "./world.ts";
import { WrongInput } from "./wrong-input.ts";

/** A key, and where it was found: it is called so in what is printed. */
export interface NamedKey {
  readonly secret: string | Uint8Array;
  readonly place: string;
}

/** The options with which a command is told its keys. */
export const KEY_OPTIONS: readonly string[] = ["key-file", "key-env"];

const USUAL_VARIABLE = "SOJOURN_KEY";
const MAX_KEY_BYTES = 65_536;
const MAX_KEYS = 32;

/**
 * The keys of files (one a line) and of the environment, the first one first. Without an option, the
 * one of `SOJOURN_KEY`, if it is set.
 *
 * @throws {@link WrongInput} where a file or a variable holds none.
 */
export async function keysOf(given: Given, { env }: World): Promise<readonly NamedKey[]> {
  const files = await Promise.all(given.all("key-file").map(keysInFile));
  const named = given.all("key-env").map((name) => keyInVariable(name, env));
  const keys = [...files.flat(), ...named];
  if (keys.length > MAX_KEYS) throw new WrongInput(`More than ${MAX_KEYS} keys: pass fewer.`);
  const usual = env[USUAL_VARIABLE];
  if (keys.length > 0 || usual === undefined || usual === "") return keys;
  return [{ secret: usual, place: USUAL_VARIABLE }];
}

function keyInVariable(name: string, env: World["env"]): NamedKey {
  const secret = env[name];
  if (secret === undefined || secret === "") {
    throw new WrongInput(`The environment has no ${name}: set it, or leave out --key-env.`);
  }
  return { secret, place: name };
}

async function keysInFile(path: string): Promise<readonly NamedKey[]> {
  const bytes = await readSmallFile(path, MAX_KEY_BYTES, "--key-file");
  const text = decodedUtf8(bytes);
  if (text === undefined) return [{ secret: bytes, place: path }];
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  if (lines.length === 0) throw new WrongInput(`${path} is empty: put one key on each line.`);
  return lines.map((secret, at) => ({
    secret,
    place: lines.length === 1 ? path : `${path}, line ${at + 1}`,
  }));
}
