import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { KeyFacts, TurningKeys } from "../sealing/turning/index.ts";
import { readArguments } from "./arguments.ts";
import { printable } from "./printable.ts";
import type { ExitCode, Tone, World } from "./world.ts";
import { WrongInput } from "./wrong-input.ts";

const USAGE_HINT =
  "sojourn keys list, rotate, or revoke KID, with --config FILE: a module whose default export is the ring.";

/** Shows the keys of a ring that turns by itself, and turns it. */
export async function ringKeys(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: ["config"], flags: ["json"] });
  const [action, kid, ...surplus] = given.rest;
  const config = given.one("config");
  const isWhole =
    config !== undefined && surplus.length === 0 && (kid !== undefined) === (action === "revoke");
  if (!isWhole || !["list", "rotate", "revoke"].includes(action ?? "")) {
    throw new WrongInput(USAGE_HINT);
  }
  const { ring, close } = await ringIn(resolve(world.folder, config));
  try {
    const isDone = await done(ring, action ?? "", kid ?? "", world);
    const keys = await ring.list();
    world.print(
      given.has("json") ? `${JSON.stringify(keys, undefined, 2)}\n` : tableOf(keys, world),
    );
    return isDone ? 0 : 1;
  } finally {
    ring.close();
    await close();
  }
}

async function done(
  ring: TurningKeys,
  action: string,
  kid: string,
  world: World,
): Promise<boolean> {
  if (action === "rotate") {
    const { kid: fresh, usableAt } = await ring.rotate();
    world.print(`${fresh} seals from ${new Date(usableAt).toISOString()} on.\n\n`);
  }
  if (action !== "revoke" || (await ring.revoke(kid))) return true;
  world.complain(`sojourn: the ring has no key ${printable(kid)} that is not revoked.\n`);
  return false;
}

interface Config {
  readonly ring: TurningKeys;
  readonly close: () => unknown;
}

/** The application's own module knows the store, its driver and the secret; it may export `close` too. */
async function ringIn(path: string): Promise<Config> {
  const module = await import(pathToFileURL(path).href).catch((error: unknown) => {
    const code = String(Object(error).code ?? Object(error).name);
    throw new WrongInput(
      `--config: the module cannot be loaded (${code}): run it by itself to see why.`,
    );
  });
  const ring: unknown = await module.default;
  if (!isRing(ring)) {
    throw new WrongInput(
      '--config: its default export must be what keyRing of "sojourn/keys" gives.',
    );
  }
  return { ring, close: typeof module.close === "function" ? module.close : () => undefined };
}

function isRing(ring: unknown): ring is TurningKeys {
  const { list, rotate, revoke } = Object(ring) as Partial<TurningKeys>;
  return [ring, list, rotate, revoke].every((part) => typeof part === "function");
}

const TONES: Readonly<Record<KeyFacts["state"], Tone>> = {
  sealing: "good",
  pending: "doubtful",
  opening: "quiet",
  revoked: "bad",
};

function tableOf(keys: readonly KeyFacts[], { paint }: World): string {
  const rows = keys.map(({ kid, state, usableAt, goneAt }) => {
    const from = new Date(usableAt).toISOString();
    const until = goneAt === undefined ? "" : `  gone at ${new Date(goneAt).toISOString()}`;
    return `${kid}  ${paint(TONES[state], state.padEnd(7))}  from ${from}${until}\n`;
  });
  return rows.join("");
}
