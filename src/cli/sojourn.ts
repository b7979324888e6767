#!/usr/bin/env node
import { parseArgs } from "node:util";
import { newSecret } from "./new-secret.ts";

const USAGE = `Usage: sojourn <command>

  secret    Prints a new secret, 256 random bits, for the "keys" option.
`;

/** Runs one command of the `sojourn` program, and returns its exit code. */
function main(args: readonly string[]): number {
  const { command, help } = parsed(args);
  if (help || command === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (command === "secret") {
    process.stdout.write(`${newSecret()}\n`);
    return 0;
  }
  process.stderr.write(USAGE);
  return 2;
}

interface Wish {
  readonly command: string | undefined;
  readonly help: boolean;
}

function parsed(args: readonly string[]): Wish {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: "boolean", short: "h", default: false } },
    });
    const [command, ...surplus] = positionals;
    return { command: surplus.length === 0 ? command : undefined, help: values.help };
  } catch {
    return { command: undefined, help: false };
  }
}

process.exitCode = main(process.argv.slice(2));
