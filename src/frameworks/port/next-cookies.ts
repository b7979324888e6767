import type { NextCookieOptions, NextJar } from "./next-head.ts";

/**
 * Sets what the session's headers say by `cookies().set()`, the one way that an action has. Of several
 * lines with one name Next keeps the last: one that deletes gives way.
 */
export function leaveCookies(headers: Headers, jar: NextJar | undefined): void {
  const cookies = headers.getSetCookie().map(parsed);
  const isDeleting = ({ options }: NextCookie): boolean => options.maxAge === 0;
  const kept = cookies.filter(
    (cookie) =>
      !isDeleting(cookie) ||
      !cookies.some((other) => other.name === cookie.name && !isDeleting(other)),
  );
  for (const { name, value, options } of kept) jar?.set(name, value, options);
}

interface NextCookie {
  readonly name: string;
  readonly value: string;
  readonly options: NextCookieOptions;
}

/** A `Set-Cookie` line of ours, whose values hold no `;`. */
function parsed(line: string): NextCookie {
  const [pair = "", ...attributes] = line.split("; ");
  const options: NextCookieOptions = {};
  for (const attribute of attributes) {
    const [name = "", value = ""] = attribute.split("=", 2);
    READ[name.toLowerCase()]?.(options, value);
  }
  const at = pair.indexOf("=");
  return { name: pair.slice(0, at), value: decoded(pair.slice(at + 1)), options };
}

type Read = (options: NextCookieOptions, value: string) => void;

const READ: Readonly<Record<string, Read>> = {
  path: (options, value) => {
    options.path = value;
  },
  domain: (options, value) => {
    options.domain = value;
  },
  "max-age": (options, value) => {
    options.maxAge = Number(value);
  },
  expires: (options, value) => {
    options.expires = new Date(value);
  },
  httponly: (options) => {
    options.httpOnly = true;
  },
  secure: (options) => {
    options.secure = true;
  },
  partitioned: (options) => {
    options.partitioned = true;
  },
  samesite: (options, value) => {
    options.sameSite = value.toLowerCase() as "lax" | "strict" | "none";
  },
  priority: (options, value) => {
    options.priority = value.toLowerCase() as "low" | "medium" | "high";
  },
};

/** Next encodes it again. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
