import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileStoreOptions, fileStore } from "../../../src/stores/file/index.ts";
import type { OpenStore } from "../../../src/testing/store.ts";

/** A folder of its own for one test. */
export async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "sojourn-file-"));
}

/** The store on a folder that it makes itself. */
export function openFolder(options: FileStoreOptions = {}): OpenStore {
  return async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "sessions");
    const store = fileStore(path, options);
    return {
      store,
      sibling: async () => fileStore(path, options),
      async close() {
        await store.close();
        await rm(folder, { recursive: true });
      },
    };
  };
}
