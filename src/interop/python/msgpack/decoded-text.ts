import { refuse } from "../pickle/refusal.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text, which MessagePack has in UTF-8 without lone surrogates. */
export function decodedText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse("a text is no UTF-8");
  }
}
