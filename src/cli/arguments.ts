import { type ParseArgsConfig, parseArgs } from "node:util";
import { WrongInput } from "./wrong-input.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** What a command was given: its options, each as a list, and the rest. */
export interface Given {
  /** The last value of an option. */
  readonly one: (option: string) => string | undefined;
  /** All values of an option, in order. */
  readonly all: (option: string) => readonly string[];
  readonly has: (flag: string) => boolean;
  readonly rest: readonly string[];
}

/**
 * Reads the arguments of a command.
 *
 * @throws {@link WrongInput} for an option that it does not have.
 */
export function readArguments(
  args: readonly string[],
  names: { readonly values: readonly string[]; readonly flags: readonly string[] },
): Given {
  const options: Options = {};
  for (const name of names.values) options[name] = { type: "string", multiple: true };
  for (const name of names.flags) options[name] = { type: "boolean" };
  const { values, positionals } = parsed(args, options);
  const all = (option: string): readonly string[] => {
    const found = values[option];
    return Array.isArray(found) ? found.map(String) : [];
  };
  return {
    all,
    one: (option) => all(option).at(-1),
    has: (flag) => values[flag] === true,
    rest: positionals,
  };
}

function parsed(args: readonly string[], options: Options): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new WrongInput(complaint(args, options, String(Object(error).code)));
  }
}

/** Never repeats what might be a cookie or a key. */
function complaint(args: readonly string[], options: Options, code: string): string {
  const given = args.map((arg) => /^--([a-z-]+)(?:=|$)/.exec(arg)?.[1]).filter(isText);
  if (given.includes("key")) {
    return "--key is not offered, as others can read a command line: use --key-file, or set SOJOURN_KEY.";
  }
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") {
    const unknown = given.find((name) => !Object.hasOwn(options, name));
    if (unknown !== undefined) return `There is no option --${unknown}: see sojourn --help.`;
    return "A value that begins with - goes after --, or on standard input.";
  }
  const bare = given.find((name) => options[name]?.type === "string");
  return bare === undefined
    ? "An option has a value too many: see sojourn --help."
    : `An option such as --${bare} needs a value: see sojourn --help.`;
}

function isText(name: string | undefined): name is string {
  return name !== undefined;
}
