import { createServer, type RequestListener } from "node:http";
import type Koa from "koa";
import { type TestClient, testClient } from "../../../src/testing/index.ts";
import { listen } from "../../frameworks/support/server.ts";

const closing: (() => Promise<unknown>)[] = [];

/** A browser before a server of its own, over plain HTTP. */
export async function browserAt(listener: RequestListener): Promise<TestClient> {
  return testClient(await addressOf(listener));
}

/** A Koa application at work, as a browser sees it. */
export function browserAtKoa(app: { callback: Koa["callback"] }): Promise<TestClient> {
  return browserAt(app.callback());
}

/** Where a listener is at work until {@link closeServers}. */
export async function addressOf(listener: RequestListener): Promise<string> {
  const { target, close } = await listen(createServer(listener));
  if (close !== undefined) closing.push(async () => close());
  return target;
}

export async function closeServers(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()));
}

/** The cookies of a response, without what only the time decides. */
export function cookiesOf(response: Response): string[] {
  return response.headers.getSetCookie();
}

/** What a browser sends back of a response. */
export function broughtBy(response: Response): string {
  return cookiesOf(response)
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}
