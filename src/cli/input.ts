import { open } from "node:fs/promises";
import type { Given } from "./arguments.ts";
import type { World } from "./world.ts";
import { WrongInput } from "./wrong-input.ts";

/** More than any cookie, or any session in a store, should have. */
const MAX_INPUT_BYTES: number = 4 * 1_048_576;

/**
 * What a command works on: its argument, or a file, or standard input.
 *
 * @throws {@link WrongInput} where there is none, or too much.
 */
export async function readInput(
  given: Given,
  world: World,
  rest: readonly string[] = given.rest,
): Promise<Buffer> {
  const file = given.one("file");
  const [argument, ...surplus] = rest;
  if (surplus.length > 0) {
    throw new WrongInput("One value at a time: put it in quotes, as it may hold blanks.");
  }
  if (file !== undefined && argument !== undefined) {
    throw new WrongInput("Pass a value or --file, not both.");
  }
  if (file !== undefined) return readSmallFile(file, MAX_INPUT_BYTES, "--file");
  if (argument !== undefined && argument !== "-") return Buffer.from(argument);
  if (argument === undefined && world.isTyped) {
    throw new WrongInput("Nothing to work on: pass a value, --file FILE, or - for standard input.");
  }
  const bytes = await world.readInput(MAX_INPUT_BYTES);
  if (bytes === undefined) throw new WrongInput(tooLarge("Standard input", MAX_INPUT_BYTES));
  return bytes;
}

/** Reads a file of the user's, but no more of it than it may have. */
export async function readSmallFile(path: string, most: number, option: string): Promise<Buffer> {
  const bytes = await head(path, most + 1).catch((error: unknown) => {
    const code = String(Object(error).code ?? "unreadable");
    throw new WrongInput(`${option}: ${path} cannot be read (${code}): check the path.`);
  });
  if (bytes.length > most) throw new WrongInput(tooLarge(path, most));
  return bytes;
}

async function head(path: string, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const chunks: Buffer[] = [];
    const stream = file.createReadStream({ end: length - 1, autoClose: false });
    for await (const chunk of stream) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}

function tooLarge(what: string, most: number): string {
  const size = most < 1_048_576 ? `${most / 1_024} KiB` : `${most / 1_048_576} MiB`;
  return `${what} has more than ${size}, which no session has: pass one value.`;
}
