/** A line of `Set-Cookie`, taken apart for frameworks that write it themselves. */
export interface CookieParts {
  readonly name: string;
  readonly value: string;
  readonly attributes: CookieAttributes;
}

/** As the package `cookie` and those who use it name them. */
export interface CookieAttributes {
  path: string;
  domain?: string;
  expires?: Date;
  maxAge?: number;
  httpOnly: boolean;
  secure: boolean;
  partitioned?: boolean;
  sameSite: "strict" | "lax" | "none" | false;
}

/** Takes apart a line that we have written. */
export function cookieOf(line: string): CookieParts {
  const [pair = "", ...rest] = line.split("; ");
  const [name, value] = halves(pair);
  const given = new Map(rest.map((attribute) => halves(attribute)));
  const has = (key: string): boolean => given.has(key);
  const domain = given.get("Domain");
  const expires = given.get("Expires");
  const maxAge = given.get("Max-Age");
  const attributes: CookieAttributes = {
    path: given.get("Path") ?? "/",
    httpOnly: has("HttpOnly"),
    secure: has("Secure"),
    sameSite: SAME_SITE.find((word) => word === given.get("SameSite")?.toLowerCase()) ?? false,
    ...(domain !== undefined && { domain }),
    ...(expires !== undefined && { expires: new Date(expires) }),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    ...(has("Partitioned") && { partitioned: true }),
  };
  return { name, value, attributes };
}

const SAME_SITE = ["strict", "lax", "none"] as const;

function halves(text: string): [before: string, after: string] {
  const index = text.indexOf("=");
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
