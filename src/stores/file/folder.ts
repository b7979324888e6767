import { join } from "node:path";
import { FileStoreProblem } from "./failure.ts";
import type { Files } from "./files.ts";
import type { Places } from "./places.ts";

const FORMAT = 1;
const FORMAT_NAME = /^format-(\d+)$/;
/** What systems put into folders by themselves. */
const FOREIGN = /^\.|^lost\+found$/;

/** Makes the store's folders where they are not there yet. Several processes may do so at once. */
export async function prepareFolder(files: Files, places: Places): Promise<void> {
  await files.makeFolder(places.root);
  checkFormat(await files.list(places.root));
  // The first of all, so that whoever finds anything finds this too.
  await files.makeFolder(join(places.root, `format-${FORMAT}`));
  const { records, users, generations, temporary } = places;
  for (const folder of [records, users, generations, temporary]) await files.makeFolder(folder);
  await files.sync(places.root);
}

function checkFormat(names: readonly string[]): void {
  const formats = names.flatMap((name) => FORMAT_NAME.exec(name)?.[1] ?? []);
  const other = formats.find((format) => format !== `${FORMAT}`);
  if (other !== undefined) {
    throw new FileStoreProblem(
      `the folder is of format ${other}, and this release of sojourn reads format ${FORMAT}; ` +
        "run the release that wrote it, or choose another folder",
    );
  }
  const isForeign = formats.length === 0 && names.some((name) => !FOREIGN.test(name));
  if (!isForeign) return;
  throw new FileStoreProblem(
    "the folder holds files of something else; give the sessions a folder of their own",
  );
}
