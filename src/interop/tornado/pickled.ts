import { CodecError } from "../../core/errors.ts";
import { readPickle } from "../python/pickle/read-pickle.ts";
import { type PickleProtocol, writePickle } from "../python/pickle/write-pickle.ts";
import { PyDict } from "../python/values.ts";

/** The dict that a pickle holds, or why none is read. */
export function pickledDict(bytes: Uint8Array): PyDict | { readonly why: string } {
  const reading = readPickle(bytes);
  if (!reading.ok) return { why: `it is no pickle that is read: ${reading.reason}` };
  return reading.value instanceof PyDict ? reading.value : { why: "it is no pickle of a dict" };
}

/** @throws {@link CodecError} for what cannot be pickled. */
export function pickleOf(dict: PyDict, protocol: PickleProtocol): Uint8Array {
  const writing = writePickle(dict, protocol);
  if (writing.ok) return writing.bytes;
  throw new CodecError("data", `it cannot be pickled: ${writing.reason}`);
}

/** The protocol of a pickle, which tells what its reader can read. Python 2 reads 0 for 1. */
export function protocolOf(pickle: Uint8Array | undefined): PickleProtocol | undefined {
  if (pickle === undefined) return undefined;
  const [first, second] = pickle;
  return first === PROTO ? PROTOCOLS.find((each) => each === second) : 0;
}

const PROTO = 0x80;
const PROTOCOLS: readonly PickleProtocol[] = [2, 3, 4, 5];
