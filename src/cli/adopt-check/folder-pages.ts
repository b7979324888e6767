import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { readSmallFile } from "../input.ts";
import { WrongInput } from "../wrong-input.ts";
import { MAX_ROW_BYTES, type Pages, type StoredRow } from "./stored-row.ts";

const PAGE_FILES = 50;
/** What cachelib counts its files in, by its name's MD5 and SHA-256. */
const COUNTS = /^(?:2029240f6d1128be89ddc32729463129|79bc207e[0-9a-f]{56})$/;
const UNFINISHED = /\.__wz_cache$|_out_/;

/** The files of a folder of sessions: Django's, its cache's, or cachelib's. */
export async function* folderPages(path: string): Pages {
  const folder = await opendir(path).catch(() => {
    throw new WrongInput(`--folder: ${path} cannot be read: check the path.`);
  });
  let page: StoredRow[] = [];
  for await (const entry of folder) {
    if (!entry.isFile() || COUNTS.test(entry.name) || UNFINISHED.test(entry.name)) continue;
    page.push(await rowOf(join(path, entry.name)));
    if (page.length < PAGE_FILES) continue;
    yield page;
    page = [];
  }
  yield page;
}

async function rowOf(path: string): Promise<StoredRow> {
  const bytes = await readSmallFile(path, MAX_ROW_BYTES, "--folder").catch(() => TOO_MUCH);
  return { key: path, bytes, expiresAt: undefined };
}

/** Stands for a file that is too large, or cannot be read. */
const TOO_MUCH: Buffer = Buffer.alloc(MAX_ROW_BYTES + 1);
