import { inflateSync } from "node:zlib";
import { readPyJson } from "../../interop/python/json/read-py-json.ts";
import { readMsgpack } from "../../interop/python/msgpack/read-msgpack.ts";
import { readPickle } from "../../interop/python/pickle/read-pickle.ts";
import { decodedUtf8 } from "../../interop/python/utf8.ts";
import { PyDict, PyFloat, type PyValue } from "../../interop/python/values.ts";

/** What is found in the bytes that a store keeps for a session. */
export interface StoredValue {
  readonly format:
    | "pickle"
    | "msgpack"
    | "json"
    | "cachelib-file"
    | "django-cache-file"
    | "zlib"
    | "xz";
  /** In words, such as `pickle, protocol 4`. */
  readonly title: string;
  /** Who writes it so. */
  readonly maker: string;
  readonly content:
    | { readonly ok: true; readonly value: PyValue }
    | { readonly ok: false; readonly reason: string };
  /** When it ends, where the bytes say so. */
  readonly expiresAt?: number | undefined;
}

const MAX_INFLATED_BYTES = 1_048_576;
const PROTO = 0x80;
const STOP = 0x2e;

/** Reads bytes as a store of Python's has them; `undefined` for any others. */
export function storedValue(bytes: Buffer): StoredValue | undefined {
  return (
    djangoFile(bytes) ??
    pickled(bytes) ??
    jsonIn(bytes) ??
    packed(bytes) ??
    cachelibFile(bytes) ??
    deflated(bytes) ??
    inXz(bytes)
  );
}

/** A pickle: from protocol 2 on it says so; the older ones begin with a dict, and end with a dot. */
function pickled(bytes: Buffer): StoredValue | undefined {
  const protocol = protocolOf(bytes);
  if (protocol === undefined) return undefined;
  return {
    format: "pickle",
    title: `pickle, protocol ${protocol}`,
    maker: MAKERS[protocol] ?? "no Python that is known",
    content: readPickle(bytes),
  };
}

const MAKERS: readonly string[] = [
  "Python 2, or Flask-Session up to 0.5 on Memcached",
  "Python 2, asked to",
  "Python 2, asked to",
  "Python 3.0 to 3.7",
  "Python 3.8 to 3.13, or 3.4 to 3.7 asked to",
  "Python 3.14 or later; or 3.8 or later where the highest was asked for, as Django and cachelib do",
];

function protocolOf(bytes: Buffer): number | undefined {
  const version = bytes[1] ?? 0;
  if (bytes[0] === PROTO && version >= 2 && version <= 5 && bytes.length > 3) return version;
  if (bytes.at(-1) !== STOP) return undefined;
  const start = bytes.toString("latin1", 0, 3);
  if (/^\((?:dp|lp|d\.)/.test(start)) return 0;
  return /^(?:\}q|\]q|\}\.)/.test(start) ? 1 : undefined;
}

function jsonIn(bytes: Buffer): StoredValue | undefined {
  if (bytes[0] !== 0x7b || bytes.length > MAX_INFLATED_BYTES) return undefined;
  const json = readPyJson(decodedUtf8(bytes) ?? "");
  if (!json.ok) return undefined;
  const maker = "Flask-Session 0.7 or later with json, or a JSON serializer of Django's caches";
  return { format: "json", title: "JSON", maker, content: json };
}

/** A map of MessagePack, which says nothing of itself: only one that is read whole is one. */
function packed(bytes: Buffer): StoredValue | undefined {
  const head = bytes[0] ?? 0;
  if ((head < 0x80 || head > 0x8f) && head !== 0xde && head !== 0xdf) return undefined;
  const content = readMsgpack(bytes);
  if (!content.ok || !(content.value instanceof PyDict)) return undefined;
  const maker = "Flask-Session 0.7 or later";
  return { format: "msgpack", title: "MessagePack", maker, content };
}

/** Four bytes of seconds, then a pickle: in the byte order of the machine, nearly always little-endian. */
function cachelibFile(bytes: Buffer): StoredValue | undefined {
  const inside = bytes.length > 8 ? pickled(bytes.subarray(4)) : undefined;
  if (inside === undefined) return undefined;
  const seconds = bytes.readUInt32LE(0);
  return {
    ...inside,
    format: "cachelib-file",
    title: `file of cachelib (${inside.title})`,
    maker: "Flask-Session in files, by cachelib 0.7 or later",
    expiresAt: seconds === 0 ? undefined : 1_000 * seconds,
  };
}

/** The pickle of a time, then zlib of a pickle. */
function djangoFile(bytes: Buffer): StoredValue | undefined {
  const end = bytes.indexOf(Buffer.of(STOP, 0x78)) + 1;
  if (end === 0 || end > 64 || protocolOf(bytes.subarray(0, end)) === undefined) return undefined;
  const inside = deflated(bytes.subarray(end));
  if (inside === undefined) return undefined;
  const maker = "Django's sessions in its cache of files";
  const time = readPickle(bytes.subarray(0, end));
  const expiresAt = time.ok && time.value instanceof PyFloat ? 1_000 * time.value.value : undefined;
  const title = "file of Django's cache";
  return { ...inside, format: "django-cache-file", title, maker, expiresAt };
}

function deflated(bytes: Buffer): StoredValue | undefined {
  if (bytes[0] !== 0x78) return undefined;
  const common = {
    format: "zlib",
    title: "zlib",
    maker: "django-redis with its ZlibCompressor",
  } as const;
  try {
    const inside = inflateSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES });
    const value = pickled(inside) ?? jsonIn(inside);
    return value && { ...common, title: `zlib of ${value.title}`, content: value.content };
  } catch (error) {
    const isBomb = error instanceof RangeError;
    if (!isBomb) return undefined;
    const reason = "more than 1 MiB comes out of it: a compressed bomb, or no session";
    return { ...common, content: { ok: false, reason } };
  }
}

const XZ_HEAD = "fd377a585a00";

/** Node has no reader of xz. */
function inXz(bytes: Buffer): StoredValue | undefined {
  if (bytes.toString("hex", 0, 6) !== XZ_HEAD) return undefined;
  const maker = "django-redis with its LzmaCompressor";
  const reason = "Node has no reader of xz";
  return { format: "xz", title: "xz", maker, content: { ok: false, reason } };
}
