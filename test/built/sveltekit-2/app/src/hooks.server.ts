import { error, type Handle, type HandleServerError, redirect } from "@sveltejs/kit";
import { sequence } from "@sveltejs/kit/hooks";
import { sessionHandle } from "sojourn/sveltekit";
import { unready } from "./lib/unready";

type Guard = NonNullable<typeof globalThis.suite.guard>;

// A Handle as SvelteKit types it; `vite build` imports this without a store.
const ahead: Handle = sessionHandle(unready, { accessor: true });
const none: Guard = ({ event, resolve }) => resolve(event);

export const handle: Handle = (input) => {
  if (globalThis.suite === undefined) return ahead(input);
  const { managers, hasAccessor = false, hasErrorPage, guard = none } = globalThis.suite;
  const handles = managers.map((sessions, place) =>
    sessionHandle(sessions, {
      accessor: hasAccessor && place === 0,
      error: hasErrorPage ? error : undefined,
    }),
  );
  return sequence(...handles, (given) => guard({ ...given, error, redirect }))(input);
};

export const handleError: HandleServerError = (caught) => {
  globalThis.suite?.heard?.push(caught.error);
  return { message: "Told in our own words" };
};
