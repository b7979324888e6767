/** What is used here of the package, which comes without types. */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  interface Context {
    readonly oidc: { readonly params?: Readonly<Record<string, unknown>> };
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): (req: IncomingMessage, res: ServerResponse) => void;
    interactionFinished(req: IncomingMessage, res: ServerResponse, result: object): Promise<void>;
    on(event: "grant.success", listener: (context: Context) => void): this;
    on(
      event: "access_token.saved" | "refresh_token.saved",
      listener: (token: { readonly jti: string }) => void,
    ): this;
    on(event: "backchannel.error", listener: (context: Context, error: Error) => void): this;
  }
}
