import type { Format } from "../foreign/foreign-sessions.ts";
import type { PickleProtocol } from "../python/pickle/write-pickle.ts";
import { PyBytes, PyDict, type PyEntry } from "../python/values.ts";
import { pickledDict, pickleOf, protocolOf } from "./pickled.ts";
import { joined, parted } from "./two-records.ts";

/** A session as pycket stores it: a pickle, in the protocol in which it was found. */
export function pycketFormat(usualProtocol: PickleProtocol): Format {
  return {
    read: (bytes) => {
      const dict = pickledDict(bytes);
      if (dict instanceof PyDict) return { dict, writtenAt: undefined };
      return { rejection: "corrupt", why: dict.why };
    },
    write: (document, _now, before) => pickleOf(document, protocolOf(before) ?? usualProtocol),
  };
}

/** Under this key of a document lie its notifications, which are a record of their own. */
export const NOTIFICATIONS = "\u0000notifications";

/** A session and its notifications, each a pickle. */
export function pycketFormatWithNotifications(usualProtocol: PickleProtocol): Format {
  return {
    read: (bytes) => {
      const { session, notifications } = parted(bytes);
      const dict = session === undefined ? NO_DATA : pickledDict(session);
      if (!(dict instanceof PyDict)) return { rejection: "corrupt", why: dict.why };
      if (notifications === undefined) return { dict, writtenAt: undefined };
      const notes = pickledDict(notifications);
      // What cannot be read is left to whoever wrote it.
      const stored = notes instanceof PyDict ? notes : new PyBytes(notifications);
      const entries: PyEntry[] = [...dict.entries, [NOTIFICATIONS, stored]];
      return { dict: new PyDict(entries, dict.kind), writtenAt: undefined };
    },
    write: (document, _now, bytes) => {
      const before = bytes && parted(bytes);
      const protocol = protocolOf(before?.session ?? before?.notifications) ?? usualProtocol;
      const entries = document.entries.filter(([key]) => key !== NOTIFICATIONS);
      const isNothing = entries.length === 0 && before?.session === undefined;
      const data = new PyDict(entries, document.kind);
      const notes = document.get(NOTIFICATIONS);
      return joined({
        session: isNothing ? undefined : rewritten(before?.session, data, protocol),
        notifications:
          notes instanceof PyDict
            ? rewritten(before?.notifications, notes, protocol)
            : notes instanceof PyBytes
              ? notes.bytes
              : undefined,
      });
    },
  };
}

const NO_DATA = new PyDict([]);

/** The pickle of a dict: the earlier one where it holds the same, however Python came to write it. */
function rewritten(
  before: Uint8Array | undefined,
  dict: PyDict,
  protocol: PickleProtocol,
): Uint8Array {
  const bytes = pickleOf(dict, protocol);
  const earlier = before && pickledDict(before);
  const isSame =
    earlier instanceof PyDict && Buffer.compare(pickleOf(earlier, protocol), bytes) === 0;
  return before !== undefined && isSame ? before : bytes;
}
