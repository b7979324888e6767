/** The work's result, unless the signal comes first: then the answer does not matter any more. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const late = (): void => reject(new Error("Redis has not answered until the deadline"));
    // A turn later: a client that knows that it has sent nothing says so before.
    onAbort = () => void setImmediate(late);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
