/**
 * Why a pickle is not read, or a value not written. It never leaves this folder: whoever asks is
 * answered with its reason.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Gives up. The reason names an opcode, a global or a limit, and holds none of the data. */
export function refuse(reason: string): never {
  throw new Refusal(reason);
}

/** What `work` comes to, or the reason for which it gave up. Any other error passes through. */
export function orReason<Value>(work: () => Value): Value | Refusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
