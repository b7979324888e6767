import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { createSessions, type Untyped } from "../../../src/index.ts";
import { sqliteStore } from "../../../src/stores/sqlite/index.ts";
import { Browser } from "../../laws/support/browser.ts";
import { listen } from "../../laws/support/world.ts";

describe("what stands in a row", () => {
  const ran = (): unknown => Reflect.get(globalThis, "sojournRan");
  afterEach(() => void Reflect.deleteProperty(globalThis, "sojournRan"));
  const RUNS = "globalThis.sojournRan=1";
  const PAYLOADS: Readonly<Record<string, string>> = {
    JavaScript: `{"n":(function(){${RUNS}})()}`,
    "what node-serialize calls": `{"n":"_$$ND_FUNC$$_function(){${RUNS}}()"}`,
    "what Marshal writes": "\u0004\b{\u0006I:\u0006nETi\u0007",
    "a pickle": "cos\nsystem\n(S'id'\ntR.",
    "what PHP serializes": 'O:8:"stdClass":1:{s:1:"n";i:1;}',
    YAML: "!!js/function >\n  function(){}",
  };

  it.each(Object.keys(PAYLOADS))(
    "CVE-2017-5941, CVE-2017-1000248, CVE-2022-21647: is data or nothing, and never runs: %s",
    async (name) => {
      const payload = PAYLOADS[name] ?? "";
      const rows = new DatabaseSync(":memory:");
      const sessions = createSessions<Untyped>({ store: sqliteStore(rows) });
      const heard = listen(sessions);
      const planted = async (column: "data" | "flash"): Promise<Browser> => {
        const browser = new Browser(sessions);
        const { json: id } = await browser.visit((session) => {
          session.set("n", 0);
          session.flash("note", "hello");
          return session.id;
        });
        const change = `update sojourn_sessions set ${column} = ? where id = ?`;
        expect(rows.prepare(change).run(payload, String(id)).changes).toBe(1);
        return browser;
      };
      const data = await planted("data");
      const read = await data.visit((session) => typeof session.get("n"));
      const isJson = name === "what node-serialize calls";
      expect([read.status, read.json]).toEqual([200, isJson ? "string" : "undefined"]);
      const corrupt = heard.filter(({ reason }) => reason === "corrupt");
      expect(corrupt).toHaveLength(isJson ? 0 : 1);
      const flash = await planted("flash");
      const shown = await flash.visit((session) => session.take("note") ?? null);
      expect([shown.status, shown.json]).toEqual([200, null]);
      expect(ran()).toBeUndefined();
    },
  );
});
