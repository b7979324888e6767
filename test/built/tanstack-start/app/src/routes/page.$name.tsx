import { Await, createFileRoute, redirect } from "@tanstack/react-router";
import { createServerFn } from "@tanstack/react-start";
import { getRequest } from "@tanstack/react-start/server";
import { Suspense } from "react";

interface Page {
  readonly now?: string;
  readonly later?: Promise<string>;
}

const load = createServerFn()
  .validator((name: string) => name)
  .handler(async ({ data: name }) => (await run(`load ${name}`)) as Page | undefined);

const act = createServerFn({ method: "POST" })
  .validator((form: FormData) => String(form.get("name")))
  .handler(async ({ data: name }) => {
    const answer = await run(`act ${name}`);
    if (name !== "leave") return answer as string;
    throw redirect({ to: "/page/$name", params: { name: "who" }, statusCode: 303 });
  });

async function run(name: string): Promise<unknown> {
  return globalThis.suite.pages[name]?.(getRequest());
}

export const Route = createFileRoute("/page/$name")({
  beforeLoad: ({ params }) => before({ data: params.name }),
  loader: ({ params }) => load({ data: params.name }),
  component: Named,
  errorComponent: ({ error }) => <p>{`The error page: ${error.message}`}</p>,
});

const before = createServerFn()
  .validator((name: string) => name)
  .handler(async ({ data: name }) => {
    const href = await run(`before ${name}`);
    if (typeof href === "string") throw redirect({ href, statusCode: 303 });
  });

function Named() {
  const page = Route.useLoaderData();
  return (
    <main>
      <p>{`now: ${page?.now}.`}</p>
      <p>{`act: ${act.url}`}</p>
      <Suspense fallback={<p>waiting</p>}>
        {page?.later && <Await promise={page.later}>{(value) => <p>{`later: ${value}`}</p>}</Await>}
      </Suspense>
    </main>
  );
}
