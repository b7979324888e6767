import { Suspense } from "react";
import { Await } from "react-router";
import type { Route } from "./+types/page";

export async function loader({ request, context, params }: Route.LoaderArgs) {
  const load = globalThis.suite.pages[`load ${params.name}`];
  return { later: undefined, ...Object(await load?.({ request, context })) };
}

export async function action({ request, context, params }: Route.ActionArgs) {
  return globalThis.suite.pages[`act ${params.name}`]?.({ request, context });
}

export default function Page({ loaderData, actionData }: Route.ComponentProps) {
  const { now, later } = loaderData as { now?: string; later?: Promise<string> };
  return (
    <main>
      <p>{`now: ${now}, acted: ${actionData}`}</p>
      <Suspense fallback={<p>waiting</p>}>
        <Await resolve={later}>{(value) => <p>{`later: ${value}`}</p>}</Await>
      </Suspense>
    </main>
  );
}
