import type { Specimen } from "./specimen.ts";

/** What a text may be made of: a value, cookies with their names, and a `Set-Cookie`'s attributes. */
interface Specimens {
  /** The text as a value. */
  readonly whole: Specimen;
  /** The cookies that it names. */
  readonly cookies: readonly Specimen[];
  /** What `Set-Cookie` says beside the cookie. */
  readonly attributes: string | undefined;
}

const PAIR = /^\s*([\w!#$%&'*+.^`|~-]{1,256})=(.*)$/s;
const ATTRIBUTE =
  /^\s*(?:expires|max-age|domain|path|secure|httponly|samesite|partitioned|priority)\s*(?:=|$)/i;
const MOST_COOKIES = 100;

/** Takes apart what a user pastes: a value, `name=value`, a `Cookie` header, or a `Set-Cookie` line. */
export function specimensIn(text: string): Specimens {
  const body = text.trim().replace(/^(?:set-)?cookie:\s*/i, "");
  const pieces = body.split(";", MOST_COOKIES + 20);
  const attributes = pieces.slice(1).filter((piece) => ATTRIBUTE.test(piece));
  const pairs = attributes.length > 0 ? pieces.slice(0, 1) : pieces.slice(0, MOST_COOKIES);
  return {
    whole: { name: undefined, text: body },
    cookies: pairs.flatMap(cookieIn),
    attributes:
      attributes.length > 0 ? attributes.map((each) => each.trim()).join("; ") : undefined,
  };
}

function cookieIn(piece: string): readonly Specimen[] {
  const [, name, value = ""] = PAIR.exec(piece) ?? [];
  return name === undefined ? [] : [{ name, text: value.trim() }];
}
