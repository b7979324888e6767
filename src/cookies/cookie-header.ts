const TAB = 0x09;
const SPACE = 0x20;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/**
 * Every value that a `Cookie` header sends under exactly this name, in the order sent.
 *
 * Names are compared byte for byte and nothing is decoded: no percent signs, no quotes, no
 * `$Version`, and no other white space than SP and HTAB is trimmed, so that no other cookie can
 * pass for this one (CVE-2026-39410, CVE-2020-7070, CVE-2023-26049). A pair without a name is
 * nobody's (CVE-2023-23934). Any text is accepted; the work is linear in its length.
 *
 * @param name - A token (RFC 6265 §4.1.1), as `resolveCookie` makes sure.
 */
export function cookieValues(header: string, name: string): readonly string[] {
  let values: string[] | undefined;
  // Jumping from hit to hit costs half of visiting every pair; other cookies are never looked at.
  let hit = name === "" ? -1 : header.indexOf(name);
  while (hit !== -1) {
    const end = pairEnd(header, hit);
    const equals = skipBlanks(header, hit + name.length, end);
    if (beginsPair(header, hit) && header.charCodeAt(equals) === EQUALS) {
      const value = trimmed(header, equals + 1, end);
      // As large as it has to be. A literal, as it leads to nothing: docs/decisions/0060.
      if (values === undefined) values = [value];
      else values.push(value);
    }
    // Not `hit + 1`: a name begins its pair, so the rest of this one cannot hold it again.
    hit = header.indexOf(name, end + 1);
  }
  return values ?? NO_VALUES;
}

const NO_VALUES: readonly string[] = [];

function pairEnd(header: string, from: number): number {
  const end = header.indexOf(";", from);
  return end === -1 ? header.length : end;
}

function beginsPair(header: string, at: number): boolean {
  const before = skipBlanksBack(header, at, 0);
  return before === 0 || header.charCodeAt(before - 1) === SEMICOLON;
}

function trimmed(header: string, from: number, to: number): string {
  const start = skipBlanks(header, from, to);
  return header.slice(start, skipBlanksBack(header, to, start));
}

function skipBlanks(header: string, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(header.charCodeAt(at))) at += 1;
  return at;
}

function skipBlanksBack(header: string, from: number, to: number): number {
  let at = from;
  while (at > to && isBlank(header.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
