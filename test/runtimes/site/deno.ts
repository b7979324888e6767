import { site } from "./site.ts";

/** As much of Deno as is used here. */
declare const Deno: {
  serve(
    options: {
      readonly port: number;
      readonly hostname: string;
      onListen(address: { readonly port: number }): void;
    },
    handler: (request: Request, info: DenoInfo) => Promise<Response>,
  ): unknown;
};

interface DenoInfo {
  readonly remoteAddr: { readonly hostname: string };
}

Deno.serve(
  { port: 0, hostname: "127.0.0.1", onListen: ({ port }) => console.log(port) },
  (request, info) => site(request, info, { remoteAddress: info.remoteAddr.hostname }),
);
