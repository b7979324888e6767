import { COOKIE_NAME } from "../../../src/testing/adapter/shop.ts";
import type { AdapterServer, ServeRoutes } from "../../../src/testing/index.ts";

const HELD = new RegExp(`(?:^|; )${COOKIE_NAME}=([^;]*)`);

/**
 * Serves as `serve` does, to a browser: what it holds of the session's cookie goes on as a bearer token,
 * and the token that comes back is its cookie. So a suite that speaks of cookies tells of headers.
 */
export function bridged(serve: ServeRoutes): ServeRoutes {
  return async (managers, routes) => {
    const server = await serve(managers, routes);
    return { ...server, target: (request) => passOn(server, request) };
  };
}

async function passOn({ target }: AdapterServer, request: Request): Promise<Response> {
  const { pathname, search, protocol, host } = new URL(request.url);
  const headers = new Headers(request.headers);
  const cookies = headers.get("cookie") ?? "";
  const [held, token = ""] = HELD.exec(cookies) ?? [];
  const others = held === undefined ? cookies : cookies.replace(held, "").replace(/^; /, "");
  if (others === "") headers.delete("cookie");
  else headers.set("cookie", others);
  headers.set("authorization", `Bearer ${token}`);
  if (!headers.has("x-forwarded-proto")) headers.set("x-forwarded-proto", protocol.slice(0, -1));
  headers.set("x-forwarded-host", host);
  const { method, body, signal } = request;
  const asked = new Request(new URL(pathname + search, String(target)), {
    ...{ method, headers, body, signal, redirect: "manual", duplex: "half" },
    cache: "force-cache",
  });
  const response = await fetch(asked);
  const told = response.headers.get("session-token");
  if (told === null) return response;
  const answered = new Headers(response.headers);
  const end = told === "" ? "; Max-Age=0" : "";
  answered.append(
    "set-cookie",
    `${COOKIE_NAME}=${told}; Path=/; Secure; HttpOnly; SameSite=Lax${end}`,
  );
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers: answered });
}
