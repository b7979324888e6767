const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Which of `count` servers a key belongs to, for good: of all servers the one with the highest
 * hash of its place and the key. Adding one at the end of the list moves only its own share.
 */
export function placeOf(key: string, count: number): number {
  let chosen = 0;
  let highest = -1;
  for (let place = 0; place < count; place += 1) {
    const weight = fnv1a(`${place}:${key}`);
    if (weight <= highest) continue;
    highest = weight;
    chosen = place;
  }
  return chosen;
}

// Ids are hashes already, so a small function spreads them well enough.
function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME) >>> 0;
  }
  return hash;
}
