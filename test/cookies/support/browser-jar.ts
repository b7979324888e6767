/** A cookie as browsers keep it. */
interface Kept {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly isHostOnly: boolean;
  readonly path: string;
  readonly isPartitioned: boolean;
  readonly madeAt: number;
}

const MAX_ATTRIBUTE = 1_024;

/**
 * Keeps cookies as RFC 6265bis and CHIPS say, over HTTPS at one top-level site: two of one name live
 * side by side where Domain, Path or partition differ.
 */
export class BrowserJar {
  readonly #cookies = new Map<string, Kept>();
  #made = 0;

  /** Takes in a response's lines, in their order. */
  store(url: string, lines: readonly string[]): void {
    for (const line of lines) this.#store(new URL(url), line);
  }

  /** The `Cookie` header: longer paths first, then older cookies (§5.8.3). */
  header(url: string): string {
    return this.#matching(new URL(url))
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }

  /** What is kept of a name, as `domain path`. */
  places(name: string): string[] {
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.name === name)
      .map(({ domain, isHostOnly, path, isPartitioned }) => {
        return `${isHostOnly ? "" : "."}${domain} ${path}${isPartitioned ? " P" : ""}`;
      });
  }

  #matching({ hostname, pathname }: URL): Kept[] {
    return [...this.#cookies.values()]
      .filter(({ domain, isHostOnly }) => {
        return isHostOnly ? hostname === domain : isWithin(hostname, domain);
      })
      .filter(({ path }) => isBelow(pathname, path))
      .sort((one, other) => other.path.length - one.path.length || one.madeAt - other.madeAt);
  }

  #store(url: URL, line: string): void {
    const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    const attributes = new Map(
      rest
        .map((part) => part.split("="))
        .filter(([, argument = ""]) => argument.length <= MAX_ATTRIBUTE)
        .map(([attribute = "", argument = ""]) => [attribute.toLowerCase(), argument]),
    );
    const domain = attributes.get("domain")?.toLowerCase();
    if (domain !== undefined && !isWithin(url.hostname, domain)) return;
    const path = attributes.get("path") ?? defaultPath(url.pathname);
    const isPartitioned = attributes.has("partitioned");
    if (isPartitioned && !attributes.has("secure")) return;
    if (!isAllowed(name, attributes, path)) return;
    const place = { domain: domain ?? url.hostname, isHostOnly: domain === undefined, path };
    const key = JSON.stringify([name, place, isPartitioned]);
    const old = this.#cookies.get(key);
    this.#cookies.delete(key);
    if (attributes.get("max-age") === "0") return;
    const madeAt = old?.madeAt ?? this.#made++;
    this.#cookies.set(key, { name, value, ...place, isPartitioned, madeAt });
  }
}

function isAllowed(name: string, attributes: ReadonlyMap<string, string>, path: string): boolean {
  const prefix = /^__(?:Host-Http-|Host-|Http-|Secure-)/i.exec(name)?.[0].toLowerCase() ?? "";
  const isHostBound = !attributes.has("domain") && path === "/";
  if (prefix !== "" && !attributes.has("secure")) return false;
  if (prefix.endsWith("http-") && !attributes.has("httponly")) return false;
  return !prefix.startsWith("__host-") || isHostBound;
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}

function isBelow(pathname: string, path: string): boolean {
  if (pathname === path) return true;
  return pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}

function defaultPath(pathname: string): string {
  const last = pathname.lastIndexOf("/");
  return last <= 0 ? "/" : pathname.slice(0, last);
}
