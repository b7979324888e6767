import { Await, createFileRoute, redirect } from "@tanstack/react-router";
import { createMiddleware, createServerFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { Suspense } from "react";
import { sessionMiddleware } from "sojourn/tanstack-start";

interface Page {
  readonly now?: string;
  readonly later?: Promise<string>;
}

const load = createServerFn()
  .validator((name: string) => name)
  .handler(
    async ({ data: name, context }) => (await run(`load ${name}`, context)) as Page | undefined,
  );

const act = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("name")))
  .handler(async ({ data: name, context }) => {
    const answer = await run(`act ${name}`, context);
    if (name !== "leave") return answer as string;
    throw redirect({ to: "/page/$name", params: { name: "who" }, statusCode: 303 });
  });

/** Mounted here as well, beside the one in `start.ts`. */
const again = createMiddleware().server((args) => {
  const [sessions] = globalThis.suite.sessions;
  if (sessions === undefined) throw new Error("No sessions");
  return sessionMiddleware(sessions, { accessor: true })(args);
});

const twice = createServerFn({ method: "POST" })
  .middleware([again])
  .handler(async ({ context }) => context.session.userId ?? "nobody");

async function run(name: string, context: object = {}): Promise<unknown> {
  return globalThis.suite.pages[name]?.(getRequest(), context);
}

export const Route = createFileRoute("/page/$name")({
  beforeLoad: ({ params }) => before({ data: params.name }),
  loader: ({ params }) => load({ data: params.name }),
  component: Named,
  errorComponent: ({ error }) => <p>{`The error page: ${(error as Error).message}`}</p>,
});

const before = createServerFn()
  .validator((name: string) => name)
  .handler(async ({ data: name, context }) => {
    const href = await run(`before ${name}`, context);
    if (typeof href === "string") throw redirect({ href, statusCode: 303 });
  });

function Named() {
  const page = Route.useLoaderData();
  return (
    <main>
      <p>{`now: ${page?.now}.`}</p>
      <p>{`act: ${act.url}`}</p>
      <p>{`twice: ${twice.url}`}</p>
      <Suspense fallback={<p>waiting</p>}>
        {page?.later && <Await promise={page.later}>{(value) => <p>{`later: ${value}`}</p>}</Await>}
      </Suspense>
    </main>
  );
}
