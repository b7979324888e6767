import assert from "node:assert/strict";
import { StoreError } from "../../core/errors.ts";
import { SHOP } from "./shop.ts";
import { answer, type Stage, stream, type Tell } from "./stage.ts";

/** What the operator of the application hears of. */
export function tellReporting(tell: Tell): void {
  tell("reports a save that fails, once, with its cause and without the query", async (stage) => {
    const client = await stage.serve(SHOP);
    stage.store.failWrites();
    assert.equal((await client.get("/set-name?password=1234")).status, 503);
    const [report, ...more] = stage.reports;
    assert.deepEqual(more, []);
    assert.ok(report?.error instanceof StoreError);
    assert.match(String(report.error.cause), /disk is full/);
    assert.deepEqual(report.context, {
      name: "session",
      method: "GET",
      path: "/set-name",
      outcome: "answered",
    });
  });

  tell("reports a load that fails, once for each request", async (stage) => {
    const client = await stage.serve(SHOP);
    await client.get("/sign-in");
    stage.store.fail();
    await client.get("/who");
    await client.get("/name");
    assert.deepEqual(outcomes(stage), ["answered", "answered"]);
  });

  tell("reports a transition that fails, once", async (stage) => {
    const client = await stage.serve(SHOP);
    stage.store.failWrites();
    for (const path of ["/count", "/sign-in"]) await client.get(path);
    assert.deepEqual(outcomes(stage), ["answered", "answered"]);
  });

  tell("reports a value that cannot be kept, once, as the slip that it is", async (stage) => {
    const client = await stage.serve({
      "/at-once": async ({ open }) => {
        (await open()).set("name", new Date() as never);
        return answer("set");
      },
      "/in-place": async ({ open }) => {
        const cart: unknown[] = (await open()).get("cart");
        cart.push(() => "a function");
        return answer("pushed");
      },
    });
    for (const path of ["/at-once", "/in-place"])
      assert.equal((await client.get(path)).status, 500);
    assert.deepEqual(
      stage.reports.map(({ error, context }) => [error.name, context.path]),
      [
        ["CodecError", "/at-once"],
        ["CodecError", "/in-place"],
      ],
    );
  });

  tell("reports a response that breaks off", async (stage) => {
    const client = await stage.serve({
      ...SHOP,
      "/stream": async ({ open }) => {
        const session = await open();
        return stream(
          (async function* () {
            yield "begin ";
            session.set("name", "Ada");
            stage.store.failWrites();
            yield "end";
          })(),
        );
      },
    });
    await client.get("/count");
    const response = await client.get("/stream");
    await assert.rejects(response.text());
    assert.deepEqual(outcomes(stage), ["cut"]);
  });

  tell(
    "reports no session that has ended meanwhile, which is news to its visitor",
    async (stage) => {
      const client = await stage.serve(SHOP);
      await client.get("/set-name");
      const [{ name = "", value = "" } = {}] = client.cookies();
      await client.get("/destroy");
      const late = await client.get("/set-name", { headers: { cookie: `${name}=${value}` } });
      assert.equal(late.status, 409);
      assert.deepEqual(stage.reports, []);
    },
  );
}

function outcomes(stage: Stage): string[] {
  return stage.reports.map(({ context }) => context.outcome);
}
