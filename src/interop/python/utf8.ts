const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8 throughout, as strict as Python. */
export function decodedUtf8(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8");
  // Node writes U+FFFD for what is not UTF-8.
  return text.includes("\ufffd") ? strictlyDecoded(bytes) : text;
}

function strictlyDecoded(bytes: Buffer): string | undefined {
  try {
    return DECODER.decode(bytes);
  } catch {
    return undefined;
  }
}
