import { type Given, readArguments } from "../arguments.ts";
import { instantIn } from "../instants.ts";
import { KEY_OPTIONS, keysOf } from "../keys.ts";
import type { ExitCode, World } from "../world.ts";
import { WrongInput } from "../wrong-input.ts";
import { folderPages } from "./folder-pages.ts";
import { redisPages } from "./redis-pages.ts";
import { sqlPages } from "./sql-pages.ts";
import { mysqlReader, postgresReader } from "./sql-readers.ts";
import { sqlitePages } from "./sqlite-pages.ts";
import type { Pages } from "./stored-row.ts";
import { type Survey, surveyOf } from "./survey.ts";
import { surveyText } from "./survey-text.ts";

const STORES: readonly string[] = ["redis", "sqlite", "postgres", "mysql", "folder"];
const OPTIONS: readonly string[] = [...KEY_OPTIONS, ...STORES, "prefix", "table", "now"];

/** Reads a store, and says which of its sessions would come over. It writes nothing. */
export async function adoptCheck(args: readonly string[], world: World): Promise<ExitCode> {
  const given = readArguments(args, { values: OPTIONS, flags: ["json"] });
  if (given.rest.length > 0) throw new WrongInput(`${WHICH}, and no other argument.`);
  const now = instantIn(given.one("now") ?? String(Math.floor(world.now() / 1_000)));
  const keys = await keysOf(given, world);
  const survey = await surveyed(given, world, (pages) => surveyOf(pages, keys, now));
  world.print(given.has("json") ? jsonText(survey) : surveyText(survey, world.paint));
  return survey.coming === survey.total ? 0 : 1;
}

const WHICH =
  "Name one store: --redis URL, --sqlite FILE, --postgres URL, --mysql URL or --folder FOLDER";

/** What a server or a driver complains about may hold its address, and so a password. */
async function surveyed(
  given: Given,
  world: World,
  survey: (pages: Pages) => Promise<Survey>,
): Promise<Survey> {
  const named = STORES.filter((store) => given.one(store) !== undefined);
  const [store = "", ...others] = named;
  if (store === "" || others.length > 0) throw new WrongInput(`${WHICH}.`);
  try {
    return await survey(
      await pagesOf(store, addressIn(given.one(store) ?? "", world), given, world),
    );
  } catch (error) {
    if (error instanceof WrongInput) throw error;
    const code = String(Object(error).code ?? Object(error).name);
    throw new WrongInput(
      `--${store}: it cannot be read (${code}): check the address, and what you may read.`,
    );
  }
}

async function pagesOf(
  store: string,
  address: string,
  given: Given,
  { folder }: World,
): Promise<Pages> {
  const table = given.one("table");
  switch (store) {
    case "redis":
      return redisPages(address, given.one("prefix") ?? "session:", folder);
    case "sqlite":
      return sqlitePages(address, table);
    case "postgres":
      return sqlPages(await postgresReader(address, folder), table);
    case "mysql":
      return sqlPages(await mysqlReader(address, folder), table);
    default:
      return folderPages(address);
  }
}

/** `env:NAME` stands for a variable, so that no password is on the command line. */
function addressIn(text: string, { env }: World): string {
  if (!text.startsWith("env:")) return text;
  const address = env[text.slice(4)];
  if (address === undefined || address === "") {
    throw new WrongInput(`The environment has no ${text.slice(4, 60)}: set it to the address.`);
  }
  return address;
}

function jsonText({ kinds, refusals, beyond, ...numbers }: Survey): string {
  const lists = {
    kinds: Object.fromEntries(kinds),
    refusals: Object.fromEntries(refusals),
    beyondJson: Object.fromEntries(beyond),
  };
  return `${JSON.stringify({ ...numbers, ...lists }, undefined, 2)}\n`;
}
