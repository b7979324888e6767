import type { SetupFile, StoreSetup } from "../setup.ts";
import { serverFiles } from "./server-files.ts";

const APPLICATION = `import { sessions } from "./sessions.ts";

/** @param remoteAddress - Who is at the other end of the socket: your proxy, or a browser. */
export function answer(request: Request, remoteAddress: string | undefined): Promise<Response> {
  return sessions.handle(request, route, { remoteAddress });
}

async function route(request: Request): Promise<Response> {
  const session = await sessions.open(request);
  switch (\`\${request.method} \${new URL(request.url).pathname}\`) {
    case "GET /": {
      const visits = await session.update("visits", (n) => n + 1);
      const headers = { "Content-Type": "text/html; charset=utf-8" };
      return new Response(page(session.userId, visits), { headers });
    }
    case "POST /sign-in": {
      const form = await request.formData();
      // Ask for a password here.
      await session.signIn(String(form.get("user")));
      return toStart();
    }
    case "POST /sign-out":
      await session.signOut();
      return toStart();
    default:
      return new Response("There is no such page.", { status: 404 });
  }
}

function toStart(): Response {
  return new Response(null, { status: 303, headers: { Location: "/" } });
}
`;

/** What speaks `Request` and `Response`, and the file that serves it on a runtime. */
export function webFiles(
  store: StoreSetup,
  serving: string,
  path = "serve.ts",
): readonly SetupFile[] {
  const sentence = "Answer each request within the sessions:";
  const text = "sessions.handle(request, route, { remoteAddress })";
  return [
    ...serverFiles(store, APPLICATION, { sentence, text }),
    { path, text: serving, addition: { sentence: "Serve it:", text: serving } },
  ];
}
