import type { TestClient } from "../../../../src/testing/index.ts";

/** What the page shows of the session. */
export function shown(html: string): string | undefined {
  return /name=\S* visits=\d+ user=\w+/.exec(html)?.[0];
}

/** Sends a page's form as a browser without JavaScript does. */
export async function submit(
  client: TestClient,
  path: string,
  id: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const html = await (await client.get(path)).text();
  const form = new RegExp(`<form[^>]*id="${id}".*?</form>`, "s").exec(html)?.[0] ?? "";
  const action = /name="(\$ACTION_ID_\w+)"/.exec(form)?.[1];
  if (action === undefined) throw new Error(`${path} has no form "${id}": ${html.slice(0, 500)}`);
  const body = new FormData();
  body.set(action, "");
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return client.post(path, { body, redirect: "manual" });
}
