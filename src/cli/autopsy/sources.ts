import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { WrongInput } from "../wrong-input.ts";

/** What kind of evidence a file is. */
export type SourceKind = "dump" | "log" | "core";

/** A file to be searched. */
export interface Source {
  readonly kind: SourceKind;
  readonly path: string;
}

/** A piece of a file, and where it begins there. Pieces overlap, so that nothing lies between two. */
export interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
}

const PIECE_BYTES = 8_388_608;
/** More than a sealed text of a session as large as may be. */
const OVERLAP_BYTES = 524_288;

/** The files that an option names: each itself, or those of a folder. */
export async function sourcesOf(
  kind: SourceKind,
  paths: readonly string[],
): Promise<readonly Source[]> {
  const lists = await Promise.all(paths.map((path) => filesIn(`--${kind}`, path)));
  return lists.flat().map((path) => ({ kind, path }));
}

async function filesIn(option: string, path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    const code = String(Object(error).code ?? "unreadable");
    throw new WrongInput(`${option}: ${path} cannot be read (${code}): check the path.`);
  }
}

/** Reads a file of any size piece by piece. */
export async function* piecesOf({ kind, path }: Source): AsyncGenerator<Piece> {
  const file = await open(path).catch((error: unknown) => {
    throw new WrongInput(`--${kind}: ${path} cannot be read (${String(Object(error).code)}).`);
  });
  try {
    const bytes = Buffer.alloc(PIECE_BYTES);
    for (let offset = 0; ; offset += PIECE_BYTES - OVERLAP_BYTES) {
      const { bytesRead } = await file.read(bytes, 0, PIECE_BYTES, offset);
      if (bytesRead > 0) yield { bytes: bytes.subarray(0, bytesRead), offset };
      if (bytesRead < PIECE_BYTES) return;
    }
  } finally {
    await file.close();
  }
}
