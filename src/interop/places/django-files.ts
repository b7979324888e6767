import { resolve } from "node:path";
import { fileRows } from "./file-rows.ts";
import type { ForeignPlace } from "./place.ts";

/** What Django makes keys of. Nothing else is to become part of a path. */
const KEY_FORM = /^[a-z0-9]{32}$/;

/**
 * Sessions of `django.contrib.sessions.backends.file`: a text in a file each. Only the text tells when
 * one ends.
 *
 * @param folder - `SESSION_FILE_PATH`.
 * @param prefix - `SESSION_COOKIE_NAME`.
 */
export function djangoFiles(folder: string, prefix: string): ForeignPlace {
  return fileRows({
    folder: resolve(folder),
    nameOf: (key) => (KEY_FORM.test(key) ? `${prefix}${key}` : undefined),
    temporaryFor: (name, random) => `${name}_out_${random}`,
    // Django looks at names that begin with the prefix.
    lockFor: (name) => `.lock-${name}`,
    rowIn: (content) => ({ bytes: content, endsAt: undefined }),
    contentOf: ({ bytes }) => Buffer.from(bytes),
    caveats: [],
  });
}
