// Run by Jest itself: see ../jest.test.ts.
const { createServer } = require("node:http");
const session = require("sojourn/express-session");
const Cookie = require("sojourn/express-session/session/cookie");

test("require gives the function, with its properties", () => {
  expect(typeof session).toBe("function");
  expect(session.Cookie).toBe(Cookie);
  expect(new session.MemoryStore()).toBeInstanceOf(session.Store);
});

test.each(["sojourn/koa-session", "sojourn/cookie-session"])("%s is the function", (name) => {
  expect(typeof require(name)).toBe("function");
});

test("a Date of Jest's own realm is a Date", () => {
  expect(new Cookie({ expires: new Date(5) }).serialize("sid", "x")).toContain(
    "Expires=Thu, 01 Jan",
  );
});

test("a session goes from request to request", async () => {
  const middleware = session({ secret: "s", resave: false, saveUninitialized: false });
  const server = createServer((req, res) => {
    middleware(req, res, () => {
      req.session.views = (req.session.views ?? 0) + 1;
      res.end(String(req.session.views));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const first = await fetch(url);
  const [cookie] = first.headers.getSetCookie()[0].split(";");
  expect(await (await fetch(url, { headers: { cookie } })).text()).toBe("2");
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
