import { sessionsModule } from "../sessions-module.ts";
import type { Setup, SetupFile, StoreSetup } from "../setup.ts";

const ROOT = `import type { ReactNode } from "react";
import {
  isRouteErrorResponse,
  Links,
  Meta,
  Outlet,
  Scripts,
  ScrollRestoration,
} from "react-router";
import { sessionMiddleware } from "sojourn/react-router";
import type { Route } from "./+types/root";
import { sessions } from "./sessions.server";

export const middleware: Route.MiddlewareFunction[] = [sessionMiddleware(sessions)];

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sojourn with React Router</title>
        <Meta />
        <Links />
      </head>
      <body>
        {children}
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  const status = isRouteErrorResponse(error) ? error.status : 500;
  return <p>{status === 404 ? "There is no such page." : "This did not work. Try again later."}</p>;
}
`;

const ROUTES = `import { index, type RouteConfig, route } from "@react-router/dev/routes";

// Without a route for the rest, no middleware runs where none matches.
export default [index("routes/home.tsx"), route("*", "routes/not-found.tsx")] satisfies RouteConfig;
`;

const HOME = `import { Form, redirect } from "react-router";
import { sessions } from "../sessions.server";
import type { Route } from "./+types/home";

export async function loader({ context }: Route.LoaderArgs) {
  const session = await sessions.open(context);
  const visits = await session.update("visits", (n) => n + 1);
  return { user: session.userId, visits };
}

export async function action({ request, context }: Route.ActionArgs) {
  const session = await sessions.open(context);
  const form = await request.formData();
  if (form.get("intent") === "sign-out") await session.signOut();
  // In earnest, after you have checked a password.
  else await session.signIn(String(form.get("user")));
  return redirect("/");
}

export default function Home({ loaderData: { user, visits } }: Route.ComponentProps) {
  return (
    <main>
      <h1>Hello, {user ?? "stranger"}.</h1>
      <p>Visit {visits}</p>
      {user === undefined ? (
        <Form method="post">
          <input name="user" aria-label="Name" placeholder="Name" required />{" "}
          <button type="submit">Sign in</button>
        </Form>
      ) : (
        <Form method="post">
          <button type="submit" name="intent" value="sign-out">
            Sign out
          </button>
        </Form>
      )}
    </main>
  );
}
`;

const NOT_FOUND = `import { data } from "react-router";

export function loader() {
  throw data("Not found", { status: 404 });
}

export default function NotFound() {
  return null;
}
`;

const CONFIG = `import type { Config } from "@react-router/dev/config";

export default {
  ssr: true,
  // Behind a proxy that ends TLS React Router takes each form for one of another origin: name the hosts
  // that browsers ask for, such as "shop.example". "*" is any without a dot: localhost, to try it.
  allowedActionOrigins: ["*"],
} satisfies Config;
`;

/** React Router in framework mode: the root's middleware, and a page. */
export const REACT_ROUTER: Setup = {
  name: "react-router",
  title: "React Router",
  dependency: "@react-router/dev",
  files: (_, store) => [manager(store), ...FILES],
  next: [
    "Before production, name your hosts in allowedActionOrigins of react-router.config.ts.",
    "Start react-router-serve with HOST=127.0.0.1, so that nothing but your proxy reaches it.",
    "Then run npm run dev, and open http://localhost:5173.",
  ],
  guide: "docs/react-router.md",
};

function manager(store: StoreSetup): SetupFile {
  const text = sessionsModule(store, "told")
    .replace(
      /\/\/ A proxy .*/,
      "// React Router does not tell who is connected: let nothing but your proxy reach its port.",
    )
    .replace('["loopback"]', '"all"');
  return {
    path: "app/sessions.server.ts",
    text,
    addition: { sentence: "Export sessions from it:", text },
  };
}

const FILES: readonly SetupFile[] = [
  {
    path: "react-router.config.ts",
    text: CONFIG,
    addition: {
      sentence: "Behind a proxy that ends TLS no action works without your host in it:",
      text: 'allowedActionOrigins: ["shop.example"],\n',
    },
  },
  {
    path: "app/root.tsx",
    text: ROOT,
    addition: {
      sentence: "Mount the sessions in it, before other middleware:",
      text: [
        'import { sessionMiddleware } from "sojourn/react-router";',
        'import { sessions } from "./sessions.server";',
        "",
        "export const middleware: Route.MiddlewareFunction[] = [sessionMiddleware(sessions)];",
        "",
      ].join("\n"),
    },
  },
  {
    path: "app/routes.ts",
    text: ROUTES,
    addition: {
      sentence: "Add a route for the rest: no middleware runs where none matches.",
      text: 'route("*", "routes/not-found.tsx"),\n',
    },
  },
  {
    path: "app/routes/home.tsx",
    text: HOME,
    addition: { sentence: "In its place, or as a page of its own:", text: HOME },
  },
  {
    path: "app/routes/not-found.tsx",
    text: NOT_FOUND,
    addition: { sentence: "It says so of the pages that there are not:", text: NOT_FOUND },
  },
];
