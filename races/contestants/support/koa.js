import Koa from "koa";
import { answer } from "./contract.js";
import { listen } from "./node.js";

/** An application in Koa; `prepare` adds the middlewares. */
export function serveKoa(face, prepare) {
  const app = new Koa();
  app.keys = ["a key of thirty-two characters, no fewer"];
  prepare(app);
  app.use(async (ctx) => {
    const { status, body, location } = await answer(face, ctx.method, ctx.originalUrl, ctx);
    if (location !== undefined) ctx.redirect(location);
    else ctx.body = body;
    ctx.status = status;
  });
  app.silent = true;
  listen(app.callback());
}
