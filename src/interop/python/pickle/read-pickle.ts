import type { PyValue } from "../values.ts";
import { Finisher } from "./finish.ts";
import { Keys } from "./keys.ts";
import { PICKLE_LIMITS, type PickleLimits } from "./limits.ts";
import { Machine } from "./machine.ts";
import { OPCODES, REFUSED_OPCODES } from "./opcodes.ts";
import { orReason, Refusal, refuse } from "./refusal.ts";
import { Source } from "./source.ts";
import { Zones } from "./zones.ts";

/** What a pickle holds, or why it is not read: a reason that tells nothing of the data. */
export type PickleRead =
  | { readonly ok: true; readonly value: PyValue }
  | { readonly ok: false; readonly reason: string };

const STOP = 0x2e;

/**
 * Reads a pickle of any protocol. A pickle is a program for a small machine; this one makes values of
 * a closed list of kinds. It looks up no name and calls nothing.
 */
export function readPickle(bytes: Uint8Array, limits: Partial<PickleLimits> = {}): PickleRead {
  const all = { ...PICKLE_LIMITS, ...limits };
  const read = orReason(() => ({ value: run(bytes, all) }));
  return read instanceof Refusal ? { ok: false, reason: read.message } : { ok: true, ...read };
}

function run(bytes: Uint8Array, limits: PickleLimits): PyValue {
  if (bytes.length > limits.maxBytes) refuse(`there are more than ${limits.maxBytes} bytes`);
  const source = new Source(bytes);
  const machine = new Machine(limits, { keys: new Keys(limits), zones: new Zones() });
  for (let code = source.uint8(); code !== STOP; code = source.uint8()) {
    const opcode = OPCODES.get(code) ?? refuse(unread(code));
    opcode.run(machine, source);
  }
  if (source.remaining > 0) refuse("bytes follow the end of the pickle");
  return new Finisher(limits).finish(machine.result());
}

function unread(code: number): string {
  const name = REFUSED_OPCODES.get(code);
  return name === undefined
    ? `0x${code.toString(16).padStart(2, "0")} is no opcode`
    : `the opcode ${name} is not one that is read`;
}
