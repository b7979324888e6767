// What docs/next.md uses of Next, which is too large to be installed for one page.

declare module "next" {
  import type { RequestListener } from "node:http";

  export default function next(options: { readonly dev: boolean }): {
    getRequestHandler(): RequestListener;
    prepare(): Promise<void>;
  };
}

declare module "next/server" {
  export class NextResponse extends Response {
    static next(): NextResponse;
    static override redirect(url: URL): NextResponse;
  }
}
