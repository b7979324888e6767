import { CodecError } from "../../core/errors.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import { writePyJson } from "../python/json/write-py-json.ts";
import { readMsgpack } from "../python/msgpack/read-msgpack.ts";
import { writeMsgpack } from "../python/msgpack/write-msgpack.ts";
import { readPickle } from "../python/pickle/read-pickle.ts";
import { type PickleProtocol, writePickle } from "../python/pickle/write-pickle.ts";
import type { PyRefusal } from "../python/refusal.ts";
import { decodedUtf8 } from "../python/utf8.ts";
import { PyDict, type PyValue } from "../python/values.ts";
import { refuseNonFinite } from "./non-finite.ts";

/** How Flask-Session writes down a session. */
export type SessionForm =
  | { readonly kind: "msgpack" | "json" }
  | { readonly kind: "pickle"; readonly protocol: PickleProtocol };

/** The form of bytes that are to be a session, by how they begin. */
export function formOf(bytes: Uint8Array): SessionForm {
  const [first = 0, second = 0] = bytes;
  if (first === BRACE) return { kind: "json" };
  if (first === PROTO && bytes.length > 1) return { kind: "pickle", protocol: protocolOf(second) };
  if (MAPS.has(first) || (first & 0xf0) === 0x80) return { kind: "msgpack" };
  // Before protocol 2 nothing tells it: 0 marks where a dict begins, 1 makes an empty one.
  return { kind: "pickle", protocol: first === EMPTY_DICT ? 1 : 0 };
}

const BRACE = 0x7b;
const PROTO = 0x80;
const EMPTY_DICT = 0x7d;
/** A map of more than 15 entries. */
const MAPS: ReadonlySet<number> = new Set([0xde, 0xdf]);

function protocolOf(byte: number): PickleProtocol {
  return (byte <= 5 ? byte : 5) as PickleProtocol;
}

/** Reads a session; a text says why there is none, and nothing of what there is. */
export function readForm(bytes: Uint8Array): PyDict | string {
  const value = READERS[formOf(bytes).kind](bytes);
  if (typeof value === "string") return value;
  return value.value instanceof PyDict ? value.value : "it is not of a dict";
}

type Read = string | { readonly value: PyValue };

const READERS: Readonly<Record<SessionForm["kind"], (bytes: Uint8Array) => Read>> = {
  msgpack: (bytes) => {
    const read = readMsgpack(bytes);
    return read.ok ? read : read.reason;
  },
  pickle: (bytes) => {
    const read = readPickle(bytes);
    return read.ok ? read : read.reason;
  },
  json: (bytes) => {
    const text = decodedUtf8(Buffer.from(bytes));
    const read = text === undefined ? undefined : readPyJson(text);
    return read?.ok ? read : "it is not JSON";
  },
};

/** Writes a session. @throws {@link CodecError} naming the key path of what the form cannot hold. */
export function writeForm(dict: PyDict, form: SessionForm): Uint8Array {
  if (form.kind === "pickle") return pickled(dict, form.protocol);
  if (form.kind === "json") {
    refuseNonFinite(dict);
    const json = writePyJson(dict, { ensureAscii: false });
    return json.ok ? utf8Of(json.text) : refused(json.refusal, "JSON");
  }
  const written = writeMsgpack(dict);
  return written.ok ? written.bytes : refused(written.refusal, "MessagePack");
}

function pickled(dict: PyDict, protocol: PickleProtocol): Uint8Array {
  const written = writePickle(dict, protocol);
  if (written.ok) return written.bytes;
  throw new CodecError("", `Flask-Session cannot pickle the session: ${written.reason}.`);
}

function utf8Of(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text);
  throw new CodecError("", "a text of the session is not well-formed Unicode.");
}

function refused({ path, kind }: PyRefusal, form: string): never {
  throw new CodecError(path, `Flask-Session's ${form} does not bring it back as it was (${kind}).`);
}
