import { Ignitor, prettyPrintError } from "@adonisjs/core";

const ROOT = new URL("../", import.meta.url);

new Ignitor(ROOT, { importer: (path) => import(new URL(path, ROOT).href) })
  .tap((app) => app.listen("SIGTERM", () => app.terminate()))
  .httpServer()
  .start()
  .catch((error: unknown) => {
    process.exitCode = 1;
    return prettyPrintError(error);
  });
