const SLOTS = 16_384;
/** CRC-16/XMODEM, as the Cluster specification wants it. */
const POLYNOMIAL = 0x1021;

/** The Cluster's slot of a key: of what stands between its first braces, where there is something. */
export function slotOf(key: string): number {
  const open = key.indexOf("{");
  const close = open === -1 ? -1 : key.indexOf("}", open + 1);
  const hashed = close > open + 1 ? key.slice(open + 1, close) : key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
    }
  }
  return (crc & 0xffff) % SLOTS;
}
