import { site } from "./site.ts";

/** As much of Bun as is used here. */
declare const Bun: {
  serve(options: {
    readonly port: number;
    readonly hostname: string;
    fetch(request: Request, server: BunServer): Promise<Response>;
  }): { readonly port: number };
};

interface BunServer {
  requestIP(request: Request): { readonly address: string } | null;
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, socket) => {
    const remoteAddress = socket.requestIP(request)?.address;
    return site(request, socket, remoteAddress === undefined ? {} : { remoteAddress });
  },
});
console.log(server.port);
