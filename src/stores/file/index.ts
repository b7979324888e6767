import { resolve } from "node:path";
import { type Duration, durationMs } from "../../core/duration.ts";
import { OptionsError } from "../../core/errors.ts";
import { oneOf, requireKnownKeys } from "../../core/option-checks.ts";
import type { SilentStore, StoreProfile } from "../../core/store.ts";
import { FileStore } from "./file-store.ts";
import { nodeFiles } from "./files.ts";

/** How a file store keeps its sessions. */
export interface FileStoreOptions {
  /**
   * What an acknowledged write outlives: `"normal"` a crash of the process (`kill -9` too),
   * `"full"` also a crash of the machine and a loss of power, as files and folders are forced to
   * the disk, for many times the cost of a write.
   *
   * @defaultValue "normal"
   */
  readonly durability?: "normal" | "full" | undefined;
  /**
   * How often what has expired is deleted, and what crashed processes left.
   *
   * @defaultValue "1h"
   */
  readonly sweepInterval?: Duration | undefined;
}

/**
 * Keeps sessions in plain files in a folder of their own, for every process of one machine.
 *
 * The folder is made at the first call if it is not there, readable by its owner only. Nobody
 * holds a lock: a process that is paused or killed at any point is in nobody's way.
 *
 * @throws {@link OptionsError} if an option is wrong. Nothing is opened or read here.
 * @example
 * const sessions = createSessions({ store: fileStore("sessions") });
 */
export function fileStore(folder: string, options: FileStoreOptions = {}): SilentStore {
  requireKnownKeys("fileStore", options, ["durability", "sweepInterval"]);
  if (typeof folder !== "string" || folder === "" || folder.includes("\0")) {
    throw new OptionsError("fileStore(folder)", 'must be a path; write one such as "sessions".');
  }
  const { sweepInterval = "1h" } = options;
  const durability =
    oneOf("fileStore.durability", options.durability, ["normal", "full"]) ?? "normal";
  const sweepIntervalMs = durationMs("fileStore.sweepInterval", sweepInterval);
  const files = nodeFiles(durability === "full");
  // The working directory of now, should the application change it.
  return new FileStore(resolve(folder), files, PROFILES[durability], sweepIntervalMs);
}

const SHARED: Omit<StoreProfile, "durability" | "caveats"> = {
  scope: "host",
  readYourWrites: "always",
  eviction: "never",
};

const LOCAL_ONLY = "The folder must be on a local disk, not on a network share.";

const PROFILES: Readonly<Record<"normal" | "full", StoreProfile>> = {
  normal: {
    ...SHARED,
    durability: "crash",
    caveats: [
      "A power loss may undo the last writes, an end among them, or lose sessions that were " +
        'written last; durability: "full" keeps them.',
      LOCAL_ONLY,
    ],
  },
  full: { ...SHARED, durability: "power-loss", caveats: [LOCAL_ONLY] },
};
