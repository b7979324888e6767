/** A browser's cookies, as names and values; tests may read and change them. */
export type Jar = Map<string, string>;

/** Does to a jar what a `Set-Cookie` line asks for. */
export function keep(jar: Jar, line: string): void {
  const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
  if (isOver(line)) jar.delete(name);
  else jar.set(name, value);
}

/** Max-Age has precedence over Expires. */
function isOver(line: string): boolean {
  const [, age] = /;\s*Max-Age=(-?\d+)/i.exec(line) ?? [];
  if (age !== undefined) return Number(age) <= 0;
  const [, date] = /;\s*Expires=([^;]+)/i.exec(line) ?? [];
  return date !== undefined && Date.parse(date) <= Date.now();
}
