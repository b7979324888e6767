import { describe, expect, it } from "vitest";
import { sidCookie } from "../../../src/interop/flask-session/sid-cookie.ts";
import { vectorsOf } from "../support/vectors.ts";

interface Vectors {
  readonly versions: { readonly "flask-session": string };
  readonly cookies: readonly {
    readonly use_signer: boolean;
    readonly sid: string;
    readonly secret: string;
    readonly set_cookie?: readonly string[];
  }[];
}

const bytes = (length: number): Buffer => Buffer.alloc(length, 0xff);

describe.each(vectorsOf<Vectors>("flask-session"))(
  "the cookies of Flask-Session $versions.flask-session",
  ({ cookies }) => {
    it.each(cookies.filter(({ set_cookie }) => set_cookie !== undefined))(
      "are read and written: $set_cookie",
      ({ use_signer, sid, secret, set_cookie }) => {
        const [, value = ""] = /^session=([^;]*)/.exec(set_cookie?.[0] ?? "") ?? [];
        const keys = sidCookie("uuid4", use_signer ? secret : undefined);
        expect(keys.read(value, 0)).toEqual({ key: sid });
        expect(keys.write(sid, 0)).toBe(value);
      },
    );
  },
);

it("an id is of the version's form", () => {
  expect(sidCookie("uuid4", undefined).draw(bytes)).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  expect(sidCookie(32, undefined).draw(bytes)).toMatch(/^[\w-]{43}$/);
});

it.each([
  ["", "malformed"],
  ["short", "malformed"],
  ["../../../../../../../etc/passwd", "malformed"],
  [`${"x".repeat(129)}`, "malformed"],
])("no id that a stranger makes up is looked for: %j", (value, rejection) => {
  expect(sidCookie(32, undefined).read(value, 0)).toBe(rejection);
});

it("a signature of somebody else's is altered, and a missing one malformed", () => {
  const keys = sidCookie(32, "a secret");
  const sid = keys.draw(bytes);
  expect(keys.read(sidCookie(32, "another").write(sid, 0), 0)).toBe("altered");
  expect(keys.read(sid, 0)).toBe("malformed");
});
