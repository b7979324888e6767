import { sessionsModule } from "../sessions-module.ts";
import type { Setup, SetupFile, StoreSetup } from "../setup.ts";

/** The page of every server that writes its own HTML: it counts, and signs in and out. */
const PAGE = `function page(userId: string | undefined, visits: number): string {
  const form = userId === undefined ? SIGN_IN : SIGN_OUT;
  return \`<!doctype html>
<meta name="viewport" content="width=device-width">
<title>Sessions</title>
<p>Hello, \${escaped(userId ?? "stranger")}.</p>
<p>Visit \${visits}</p>
\${form}\`;
}

const SIGN_IN = \`<form method="post" action="/sign-in">
  <input name="user" aria-label="Name" placeholder="Name" required> <button>Sign in</button>
</form>\`;
const SIGN_OUT = \`<form method="post" action="/sign-out"><button>Sign out</button></form>\`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => \`&#\${character.charCodeAt(0)};\`);
}
`;

/** The module that makes the manager, and the application in one file beside it. */
export function serverFiles(
  store: StoreSetup,
  application: string,
  mounting: SetupFile["addition"],
): readonly SetupFile[] {
  const text = sessionsModule(store, "untold");
  const sentence = "Make the manager in it, and export it:";
  return [
    { path: "sessions.ts", text, addition: { sentence, text } },
    { path: "app.ts", text: `${application}\n${PAGE}`, addition: mounting },
  ];
}

/** What is left to do before it serves others. */
export const IN_PRODUCTION =
  "In production set NODE_ENV=production: the proxy in front is then believed that browsers came by HTTPS.";

/** What is left to do. */
export const START: Setup["next"] = [
  "Start it with node app.ts (app.js without TypeScript), and open http://localhost:3000.",
  IN_PRODUCTION,
];
