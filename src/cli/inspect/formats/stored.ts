import { PyDict, type PyValue } from "../../../interop/python/values.ts";
import { viewOf } from "../../../interop/python/view.ts";
import type { Finding } from "../finding.ts";
import { beyondRemarks, type ReadSession, sessionRead } from "../python-session.ts";
import type { Context } from "../specimen.ts";
import { type StoredValue, storedValue } from "../stored-value.ts";

/** What lies in a store for a session, unsigned: a pickle, JSON, or a file around one. */
export function storedFinding(bytes: Buffer, context: Context): Finding | undefined {
  const stored = storedValue(bytes);
  return stored && finding(stored, bytes, context);
}

function finding(stored: StoredValue, bytes: Buffer, { now }: Context): Finding {
  const { format, title, maker, content, expiresAt } = stored;
  const read = content.ok ? valueRead(content.value) : undefined;
  const isOver = expiresAt !== undefined && expiresAt <= now;
  return {
    format,
    title: `Stored session: ${title}`,
    ...(content.ok ? OPEN : CLOSED),
    expiresAt,
    expiryRule: expiresAt === undefined ? undefined : "the file",
    facts: [
      ...(read?.facts ?? []),
      { name: "made by", value: maker },
      { name: "size", value: `${bytes.length} bytes` },
    ],
    remarks: [
      ...(content.ok ? [] : [`It is not opened: ${content.reason}.`]),
      ...(isOver ? ["It has expired."] : []),
      ...(read?.remarks ?? []),
    ],
    data: read?.data,
  };
}

const OPEN = {
  verdict: "unchecked",
  summary: "nothing signs it: whoever writes to the store makes it",
} as const;
const CLOSED = { verdict: "refused", summary: "it cannot be read" } as const;

function valueRead(value: PyValue): ReadSession {
  if (value instanceof PyDict) return sessionRead(value);
  const remarks = ["It is no dict, so it is no session.", ...beyondRemarks(value)];
  return { data: viewOf(value), facts: [], remarks };
}
