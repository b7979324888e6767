import { WebHead } from "../../core/request-head.ts";

/** What is asked of an event of h3 2. */
export interface H3EventLike {
  readonly req: Request & {
    readonly ip?: string | undefined;
    readonly runtime?:
      | { readonly node?: { readonly req: { readonly httpVersion: string } } | undefined }
      | undefined;
  };
}

/** A request in h3 2, as the engine sees it. */
export class H3Head extends WebHead {
  readonly httpVersion: string | undefined;

  constructor({ req }: H3EventLike) {
    super(req, req.ip);
    this.httpVersion = req.runtime?.node?.req.httpVersion;
  }
}
