// What docs/next.md uses of Next, which is too large to be installed for one page.

declare module "next/headers" {
  interface Jar {
    set(cookie: { name: string; value: string }): unknown;
    toString(): string;
  }
  export function cookies(): Promise<Jar>;
  export function headers(): Promise<Headers>;
}

declare module "next/navigation" {
  export function redirect(path: string): never;
}

declare module "next/server" {
  export class NextResponse extends Response {
    readonly cookies: { getAll(): { name: string; value: string }[] };
  }
}
