/** The bytes of base64url without padding, in the one spelling in which Python writes them. */
export function decodedBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  // Node's decoder skips what it does not know, takes + and / too, and drops spare bits.
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** The bytes of standard base64 with padding, in the one spelling in which Python writes them. */
export function decodedBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
