import { type Given, readArguments } from "../arguments.ts";
import { KEY_OPTIONS, keysOf } from "../keys.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import { type Findings, findingsText } from "./findings-text.ts";
import { idsIn, type PlainData, plainDataIn } from "./plain-hunt.ts";
import { SealedHunt } from "./sealed-hunt.ts";
import { piecesOf, type Source, sourcesOf } from "./sources.ts";
import { TokenHunt } from "./token-hunt.ts";

const OPTIONS: readonly string[] = [...KEY_OPTIONS, "keys", "dump", "log", "core", "name"];
const USUAL_NAME = "session";

/** Tries what a thief would try who has a dump of the store, and perhaps keys, logs and a core dump. */
export async function autopsy(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: OPTIONS, flags: ["show", "json"] });
  if (given.rest.length > 0 || given.all("dump").length === 0) throw new WrongInput(WHAT);
  const findings = await examined(given, world);
  const isShown = given.has("show");
  world.print(
    given.has("json") ? jsonText(findings, isShown) : findingsText(findings, world.paint, isShown),
  );
  const isSafe =
    findings.tokens.length === 0 &&
    findings.plain.length === 0 &&
    findings.opened.every(({ kind }) => kind === "facts");
  return isSafe ? 0 : 1;
}

const WHAT =
  "Name what there is: --dump FILE or FOLDER of the store, and --keys, --log, --core FILE, where you have them.";

async function examined(given: Given, world: World): Promise<Findings> {
  const keys = await keysOf(withKeyFiles(given), world);
  const dumps = await sourcesOf("dump", given.all("dump"));
  const others = [
    ...(await sourcesOf("log", given.all("log"))),
    ...(await sourcesOf("core", given.all("core"))),
  ];
  const ids = new Set<string>();
  for (const source of dumps) await each(source, (piece) => addAll(ids, idsIn(piece)));
  const names = given.all("name");
  const tokens = new TokenHunt(ids, names.length === 0 ? [USUAL_NAME] : names);
  const sealed = new SealedHunt(keys.map(({ secret }) => secret));
  const plain = new Map<string, PlainData>();
  for (const source of [...dumps, ...others]) {
    await each(source, (piece) => {
      tokens.search(source, piece);
      sealed.search(source, piece);
      // A heap is full of JSON that happens to follow an id.
      if (source.kind === "core") return;
      for (const found of plainDataIn(source, piece))
        plain.set(`${source.path} ${found.id}`, found);
    });
  }
  const found = [...tokens.found.values()];
  return {
    sessions: ids.size,
    sources: [...dumps, ...others],
    tokens: found,
    plain: [...plain.values()],
    ...sealed.open(found),
  };
}

function withKeyFiles(given: Given): Given {
  const all = (option: string): readonly string[] =>
    option === "key-file" ? [...given.all(option), ...given.all("keys")] : given.all(option);
  return { ...given, all };
}

async function each(
  source: Source,
  work: (piece: { readonly bytes: Buffer; readonly offset: number }) => void,
): Promise<void> {
  for await (const piece of piecesOf(source)) work(piece);
}

function addAll(ids: Set<string>, found: readonly string[]): void {
  for (const id of found) ids.add(id);
}

/** Values and tokens only where they are asked for. */
function jsonText({ sessions, tokens, plain, opened, closed }: Findings, isShown: boolean): string {
  const shown = (secret: string): { readonly value?: string } => (isShown ? { value: secret } : {});
  const report = {
    sessions,
    tokens: tokens.map(({ token, source, id, name, offset, spelling }) => ({
      ...{ id, name, file: source.path, offset, spelling },
      ...shown(token),
    })),
    plain: plain.map(({ id, source, keys, text }) => ({
      id,
      file: source.path,
      keys,
      ...shown(text),
    })),
    opened: opened.map(({ source, kind, keys, text }) => ({
      ...{ file: source.path, kind, keys },
      ...shown(text),
    })),
    closed,
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
