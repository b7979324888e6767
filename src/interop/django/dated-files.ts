import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ABSENT, unless } from "../../stores/file/files.ts";
import { djangoFiles } from "../places/django-files.ts";
import type { ForeignPlace } from "../places/place.ts";

/**
 * Django's files, with the time of each: the texts of Django before 3.1 say nothing of when they were
 * written. An empty one is about to be filled by Django, and no session yet.
 */
export function datedFiles(folder: string, cookieName: string): ForeignPlace {
  const place = djangoFiles(folder, cookieName);
  const caveats = [...place.profile.caveats, ...CAVEATS];
  return {
    ...place,
    profile: { ...place.profile, caveats },
    async read(key, call) {
      const row = await place.read(key, call);
      if (row === undefined || row.bytes.length === 0) return undefined;
      const found = await unless(ABSENT, stat(join(folder, `${cookieName}${key}`)));
      return found && { ...row, writtenAt: found.mtimeMs };
    },
  };
}

const CAVEATS: readonly string[] = [
  "What a session says itself of its end in seconds, Django's files do not heed; here it ends then.",
  "What has expired stays until clearsessions takes it away.",
];
