import { refuse } from "./refusal.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads UTF-8 in which lone surrogates are written as if they were characters, as pickles have it. */
export function decodeText(bytes: Uint8Array): string {
  const parts: string[] = [];
  let start = 0;
  for (let at = nextSurrogate(bytes, 0); at !== -1; at = nextSurrogate(bytes, start)) {
    parts.push(decodePlain(bytes.subarray(start, at)), surrogateAt(bytes, at));
    start = at + 3;
  }
  return parts.join("") + decodePlain(bytes.subarray(start));
}

/** Writes UTF-8, and lone surrogates as if they were characters. */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts = Array.from(text, (character) =>
    character.isWellFormed() ? Buffer.from(character, "utf8") : surrogateBytes(character),
  );
  return Buffer.concat(parts);
}

/** Reads one character from each byte. */
export function decodeLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Writes one byte for each character, or is `undefined` for a text that has others. */
export function encodeLatin1(text: string): Uint8Array | undefined {
  return /[^\0-\xff]/.test(text) ? undefined : new Uint8Array(Buffer.from(text, "latin1"));
}

function decodePlain(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse("a text is no UTF-8");
  }
}

function nextSurrogate(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(0xed, from);
  while (at !== -1 && !isSurrogate(bytes, at)) at = bytes.indexOf(0xed, at + 1);
  return at;
}

function isSurrogate(bytes: Uint8Array, at: number): boolean {
  const [second, third] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
  return second >= 0xa0 && second <= 0xbf && third >= 0x80 && third <= 0xbf;
}

function surrogateAt(bytes: Uint8Array, at: number): string {
  const [second, third] = [bytes[at + 1] ?? 0, bytes[at + 2] ?? 0];
  return String.fromCharCode(0xd000 | ((second & 0x3f) << 6) | (third & 0x3f));
}

function surrogateBytes(character: string): Uint8Array {
  const code = character.charCodeAt(0);
  return Uint8Array.of(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
}
