import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  type OwnCookie,
  plainCookie,
  sealedCookie,
  signedCookie,
} from "../../cookies/own/index.ts";
import type { Sessions } from "../../core/sessions.ts";
import type { TestClient } from "../client.ts";
import type { AdapterData } from "./port.ts";
import { COOKIE_NAME, SHOP } from "./shop.ts";
import { answer, bare, type Handler, type Routes, type Stage, stream, type Tell } from "./stage.ts";

const THEME = "__Host-Http-theme";
const VARIANT = "__Host-Http-variant";
const DRAFT = "__Host-Http-draft";

interface Draft {
  readonly subject: string;
}

/** One cookie of each kind. */
interface Cookies {
  readonly theme: OwnCookie<"light" | "dark">;
  readonly variant: OwnCookie<{ readonly group: number }>;
  readonly draft: OwnCookie<Draft>;
}

/** The application's own cookies go with whatever response the adapter sends. */
export function tellOwnCookies(tell: Tell): void {
  tell("brings back what was set, of each kind", async (stage) => {
    const client = await serveCookies(stage, ({ theme, variant, draft }) => ({
      "/set": ({ request }) => {
        theme.set(request, "dark");
        variant.set(request, { group: 2 });
        draft.set(request, { subject: 'Ünïcode; "quoted"' });
        return answer("set");
      },
      "/show": ({ request }) =>
        answer(JSON.stringify([theme.get(request), variant.get(request), draft.get(request)])),
    }));
    assert.equal(await (await client.get("/show")).text(), "[null,null,null]");
    const response = await client.get("/set");
    assert.deepEqual(namesIn(response), [DRAFT, THEME, VARIANT]);
    assert.deepEqual(client.refused(), []);
    assert.deepEqual(JSON.parse(await (await client.get("/show")).text()), [
      "dark",
      { group: 2 },
      { subject: 'Ünïcode; "quoted"' },
    ]);
  });

  tell("sends one beside the session's own, set before that is opened or after", async (stage) => {
    const client = await serveCookies(stage, ({ theme, variant }) => ({
      "/set": async ({ request, open }) => {
        theme.set(request, "dark");
        const session = await open();
        session.set("name", "Ada");
        await session.signIn("ada");
        variant.set(request, { group: 1 });
        return answer("set", { headers: [["Set-Cookie", "own=kept; Path=/"]] });
      },
    }));
    const response = await client.get("/set");
    assert.deepEqual(namesIn(response), [COOKIE_NAME, THEME, VARIANT, "own"]);
    assert.equal(await (await client.get("/name")).text(), "Ada");
  });

  tell("sends one where no session is opened, and asks the store nothing", async (stage) => {
    const client = await serveCookies(stage, () => ({}));
    stage.store.hang();
    for (const path of ["/dark", "/redirect", "/bare"]) {
      const response = await client.get(path, { redirect: "manual" });
      assert.deepEqual(namesIn(response), [THEME]);
    }
    assert.equal(await (await client.get("/theme")).text(), "dark");
    assert.equal((await client.head("/dark")).headers.getSetCookie().length, 1);
    assert.deepEqual(stage.store.calls, []);
  });

  tell("reads at once what was set, and sends the last of it", async (stage) => {
    const client = await serveCookies(stage, ({ theme }) => ({
      "/waver": ({ request, aliases = [] }) => {
        theme.set(request, "light");
        theme.delete(request);
        const before = theme.get(request);
        theme.set(aliases.at(-1) ?? request, "dark");
        return answer(`${before} ${theme.get(request)}`);
      },
    }));
    const response = await client.get("/waver");
    assert.equal(await response.text(), "undefined dark");
    assert.deepEqual(namesIn(response), [THEME]);
    assert.equal(await (await client.get("/theme")).text(), "dark");
  });

  tell("takes one away, with every attribute that it was sent with", async (stage) => {
    const client = await serveCookies(stage, ({ theme }) => ({
      "/delete": ({ request }) => {
        theme.delete(request);
        return answer("deleted");
      },
    }));
    await client.get("/dark");
    await client.get("/delete");
    assert.deepEqual(client.cookies(), []);
    assert.deepEqual(client.refused(), []);
    assert.equal(await (await client.get("/theme")).text(), "none");
  });

  tell("lets no cache keep one that is sent", async (stage) => {
    const client = await serveCookies(stage, ({ theme }) => ({
      "/cached": ({ request }) => {
        theme.set(request, "dark");
        return answer("dark", {
          headers: [
            ["Cache-Control", "public, max-age=3600"],
            ["CDN-Cache-Control", "max-age=3600"],
          ],
        });
      },
    }));
    const { headers } = await client.get("/cached");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("cdn-cache-control"), "no-store");
    assert.match(headers.get("vary") ?? "", /\bcookie\b/i);
  });

  tell("tells caches what was read, and keeps a sealed one from the shared ones", async (stage) => {
    const client = await serveCookies(stage, ({ theme, draft }) => ({
      "/draft": ({ request }) => {
        draft.set(request, { subject: "tea" });
        return answer("set");
      },
      "/read": ({ request }) =>
        answer(theme.get(request), { headers: [["Cache-Control", "public, max-age=60"]] }),
      "/reveal": ({ request }) =>
        answer(draft.get(request)?.subject, {
          headers: [["Cache-Control", "public, max-age=60"]],
        }),
    }));
    await client.get("/dark");
    await client.get("/draft");
    const read = await client.get("/read");
    assert.match(read.headers.get("vary") ?? "", /\bcookie\b/i);
    assert.equal(read.headers.get("cache-control"), "public, max-age=60");
    const reveal = await client.get("/reveal");
    assert.match(reveal.headers.get("vary") ?? "", /\bcookie\b/i);
    assert.equal(reveal.headers.get("cache-control"), "private, max-age=60");
  });

  tell("sends one with the first byte of a stream, and refuses it after that", async (stage) => {
    const heard: string[] = [];
    const client = await serveCookies(stage, ({ theme, variant }) => ({
      "/stream": ({ request }) => {
        theme.set(request, "dark");
        return stream(settingLate(() => variant.set(request, { group: 3 }), heard));
      },
      "/late": ({ request }) => stream(settingLate(() => theme.set(request, "light"), heard)),
    }));
    const response = await client.get("/stream");
    assert.equal(await response.text(), "begin end");
    assert.deepEqual(namesIn(response), [THEME]);
    const late = await client.get("/late");
    assert.equal(await late.text(), "begin end");
    assert.deepEqual(heard, ["ERR_SESSION_HEADERS_SENT", "ERR_SESSION_HEADERS_SENT"]);
    assert.equal(await (await client.get("/theme")).text(), "dark");
  });

  tell("holds one back with a response that waits for the store", async (stage) => {
    const client = await serveCookies(stage, ({ theme }) => ({
      "/both": async ({ request, open }) => {
        (await open()).set("name", "Ada");
        theme.set(request, "dark");
        return answer("both");
      },
    }));
    const writes = stage.store.holdWrites();
    const request = client.get("/both");
    await writes.reached;
    writes.release();
    assert.deepEqual(namesIn(await request), [COOKIE_NAME, THEME]);
  });

  tell("drops one with a 5xx, and where the session cannot be stored", async (stage) => {
    const client = await serveCookies(stage, ({ theme }) => ({
      "/broken": ({ request }) => {
        theme.set(request, "dark");
        return bare(500);
      },
      "/both": async ({ request, open }) => {
        theme.set(request, "dark");
        (await open()).set("name", "Ada");
        return answer("both");
      },
    }));
    assert.deepEqual(namesIn(await client.get("/broken")), []);
    stage.store.failWrites();
    const response = await client.get("/both");
    assert.equal(response.status, 503);
    assert.deepEqual(namesIn(response), []);
    assert.deepEqual(client.cookies(), []);
  });

  tell("refuses one in a prefetch, and sends none over plain HTTP", async (stage) => {
    const client = await serveCookies(stage, () => ({}));
    const headers = { "Sec-Purpose": "prefetch" };
    const prefetch = await client.get("/dark", { headers });
    assert.equal(prefetch.status, 503);
    assert.deepEqual(namesIn(prefetch), []);
    const plain = stage.client({ origin: "http://shop.example" });
    const response = await plain.get("/dark");
    assert.equal(response.status, 200);
    assert.deepEqual(namesIn(response), []);
    const sent = await plain.get("/theme", { headers: { cookie: `${THEME}=dark` } });
    assert.equal(await sent.text(), "none");
  });

  tell("believes none that was changed, was another one, or is too old", async (stage) => {
    const client = await serveCookies(stage, ({ variant, draft }) => ({
      "/set": ({ request }) => {
        variant.set(request, { group: 2 });
        return answer("set");
      },
      "/why": ({ request }) => answer(variant.inspect(request).reason ?? "fine"),
      "/draft": ({ request }) => answer(draft.inspect(request).reason ?? "fine"),
    }));
    await client.get("/set");
    const [{ value = "" } = {}] = client.cookies();
    const asking = async (path: string, cookie: string): Promise<string> =>
      (await client.get(path, { headers: { cookie } })).text();
    assert.equal(await asking("/why", `${VARIANT}=${value}`), "fine");
    assert.equal(await asking("/why", `${VARIANT}=${changed(value)}`), "altered");
    assert.equal(await asking("/draft", `${DRAFT}=${value}`), "malformed");
    assert.equal(await asking("/why", `${VARIANT}=${value}; ${VARIANT}=${value}`), "duplicate");
    assert.equal(await asking("/why", "other=1"), "absent");
    stage.clock.advance("1d");
    assert.equal(await asking("/why", `${VARIANT}=${value}`), "expired");
  });

  tell("tells a program that mounted no adapter what to mount", async (stage) => {
    const sessions = stage.manager();
    const theme = plainCookie(sessions, { name: "theme" });
    const client = await stage.serveWith([], {
      "/": ({ request }) => answer(failureOf(() => theme.set(request, "dark"))),
    });
    assert.match(await (await client.get("/")).text(), /^ERR_SESSION_OPTIONS .*sessionMiddleware/);
  });
}

async function serveCookies(
  stage: Stage,
  routesFor: (cookies: Cookies) => Routes,
): Promise<TestClient> {
  const sessions = stage.manager();
  const cookies = cookiesOf(sessions);
  return stage.serveWith([sessions], { ...SHOP, ...themes(cookies), ...routesFor(cookies) });
}

function cookiesOf(sessions: Sessions<AdapterData>): Cookies {
  const keys = randomBytes(32).toString("base64url");
  const keyed = { keys, maxAge: "1d" } as const;
  return {
    theme: plainCookie(sessions, { name: "theme", values: ["light", "dark"], maxAge: "30d" }),
    variant: signedCookie<{ readonly group: number }>(sessions, { name: "variant", ...keyed }),
    draft: sealedCookie<Draft>(sessions, { name: "draft", ...keyed }),
  };
}

/** Pages that set the theme and send different responses, and one that shows it. */
function themes({ theme }: Cookies): Routes {
  const dark =
    (page: () => ReturnType<Handler>): Handler =>
    ({ request }) => {
      theme.set(request, "dark");
      return page();
    };
  return {
    "/dark": dark(() => answer("dark")),
    "/redirect": dark(() => bare(303, [["Location", "/theme"]])),
    "/bare": dark(() => bare(204)),
    "/theme": ({ request }) => answer(theme.get(request) ?? "none"),
  };
}

/** The names of the cookies that a response sends, in alphabetical order. */
function namesIn(response: Response): string[] {
  return response.headers
    .getSetCookie()
    .map((line) => line.split("=", 1)[0] ?? "")
    .sort();
}

/** Another text of the same form. */
function changed(text: string): string {
  return text.slice(0, -2) + (text.at(-2) === "A" ? "B" : "A") + text.slice(-1);
}

async function* settingLate(set: () => void, heard: string[]): AsyncGenerator<string> {
  yield "begin ";
  heard.push(failureOf(set).split(" ", 1)[0] ?? "");
  yield "end";
}

function failureOf(act: () => void): string {
  try {
    act();
    return "done";
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return `${code} ${message}`;
  }
}
