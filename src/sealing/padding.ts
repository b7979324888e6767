/** Lengths show in steps of this many bytes only. */
const BUCKET_BYTES = 64;
/** The first byte after the text; the rest of the bucket is zero (ISO/IEC 7816-4). */
const END_MARK = 0x80;

/** How long a text of `length` bytes is with its padding: 1 to 64 bytes more. */
export function paddedLength(length: number): number {
  return (Math.floor(length / BUCKET_BYTES) + 1) * BUCKET_BYTES;
}

/** Whether padding can have this length. */
export function isPaddedLength(length: number): boolean {
  return length > 0 && length % BUCKET_BYTES === 0;
}

/** Fills the rest of `frame` behind a text that ends at `end`. */
export function pad(frame: Uint8Array, end: number): void {
  frame[end] = END_MARK;
  frame.fill(0, end + 1);
}

/**
 * Where the text in `frame` ends; `undefined` where its padding is none. Only for what has been
 * authenticated: how long this takes depends on the padding.
 */
export function paddingStart(frame: Uint8Array): number | undefined {
  let end = frame.length - 1;
  while (end > 0 && frame[end] === 0) end -= 1;
  const isPadding = frame[end] === END_MARK && paddedLength(end) === frame.length;
  return isPadding ? end : undefined;
}
