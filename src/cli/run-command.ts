import { adoptCheck } from "./adopt-check/adopt-check.ts";
import { autopsy } from "./autopsy/autopsy.ts";
import { forge } from "./forge/forge.ts";
import { init } from "./init/init.ts";
import { inspect } from "./inspect/inspect.ts";
import { migrate } from "./migrate/migrate.ts";
import { newSecret } from "./new-secret.ts";
import { ringKeys } from "./ring-keys.ts";
import { USAGE } from "./usage.ts";
import type { ExitCode, World } from "./world.ts";
import { WrongInput } from "./wrong-input.ts";

type Command = (args: readonly string[], world: World) => ExitCode | Promise<ExitCode>;

const COMMANDS: ReadonlyMap<string | undefined, Command> = new Map<string | undefined, Command>([
  ["secret", secret],
  ["init", init],
  ["inspect", inspect],
  ["forge", forge],
  ["adopt-check", adoptCheck],
  ["migrate", migrate],
  ["keys", ringKeys],
  ["autopsy", autopsy],
]);

/** Runs one command of the `sojourn` program, and returns its exit code. */
export async function runCommand(args: readonly string[], world: World): Promise<ExitCode> {
  try {
    return await named(args, world);
  } catch (error) {
    if (!(error instanceof WrongInput)) throw error;
    world.complain(`sojourn: ${error.message}\n`);
    return 2;
  }
}

function named([name, ...args]: readonly string[], world: World): ExitCode | Promise<ExitCode> {
  if (name === "help" || isHelpFlag(name) || args.some(isHelpFlag)) {
    world.print(USAGE);
    return 0;
  }
  const command = COMMANDS.get(name);
  if (command !== undefined) return command(args, world);
  world.complain(USAGE);
  return 2;
}

function secret(args: readonly string[], { print, complain }: World): ExitCode {
  if (args.length > 0) {
    complain(USAGE);
    return 2;
  }
  print(`${newSecret()}\n`);
  return 0;
}

function isHelpFlag(arg: string | undefined): boolean {
  return arg === "--help" || arg === "-h";
}
