import { action, createAsync, query, redirect, useParams } from "@solidjs/router";
import type { APIEvent } from "@solidjs/start/server";
import { ErrorBoundary, Suspense } from "solid-js";
import { getRequestEvent } from "solid-js/web";
import { answer, suite } from "../../suite";

/** Serves the routes of the suite, and lets the pages be. */
export async function GET({ nativeEvent, request }: APIEvent) {
  if (new URL(request.url).pathname.startsWith("/page/")) return undefined;
  return answer(nativeEvent, request);
}

export const POST = GET;

const load = query(async (name: string) => {
  "use server";
  return run(`load ${name}`);
}, "load");

const loadLater = query(async (name: string) => {
  "use server";
  return run(`later ${name}`);
}, "later");

const act = action(async (form: FormData) => {
  "use server";
  await run(`act ${form.get("name")}`);
  throw redirect("/page/who", { status: 303 });
}, "act");

async function run(name: string) {
  const { pages } = suite();
  return String(await pages[name]?.(getRequestEvent()?.request as Request));
}

export default function Page() {
  const { path } = useParams<{ path: string }>();
  const name = path.slice("page/".length);
  const now = createAsync(() => load(name), { deferStream: true });
  const later = createAsync(() => loadLater(name));
  return (
    <ErrorBoundary fallback={<p>The error page.</p>}>
      <p>now: {now()}.</p>
      <form method="post" action={act} />
      <Suspense fallback={<p>waiting</p>}>
        <p>later: {later()}.</p>
      </Suspense>
    </ErrorBoundary>
  );
}
