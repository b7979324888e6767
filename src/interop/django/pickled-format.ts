import { CodecError } from "../../core/errors.ts";
import type { Format } from "../foreign/foreign-sessions.ts";
import { readPickle } from "../python/pickle/read-pickle.ts";
import { writePickle } from "../python/pickle/write-pickle.ts";
import { PyDict } from "../python/values.ts";

/** Python 3.4 and later read it; it is the one that django-redis writes. */
const PROTOCOL = 4;

/** What a cache of Django's holds of a session: a pickle of its data, which nobody has signed. */
export const PICKLED_FORMAT: Format = {
  read(bytes) {
    const reading = readPickle(bytes);
    if (!reading.ok)
      return { rejection: "corrupt", why: `it is no pickle that is read: ${reading.reason}` };
    if (reading.value instanceof PyDict) return { dict: reading.value, writtenAt: undefined };
    return { rejection: "corrupt", why: "it is a pickle, and not of a dict" };
  },
  write(dict) {
    const writing = writePickle(dict, PROTOCOL);
    if (writing.ok) return writing.bytes;
    throw new CodecError("data", `it cannot be pickled: ${writing.reason}`);
  },
};
