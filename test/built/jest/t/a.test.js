const session = require("sojourn/express-session");
const Cookie = require("sojourn/express-session/session/cookie");
test("is the function", () => { expect(typeof session).toBe("function"); expect(session.Cookie).toBe(Cookie); expect(new Cookie({expires: new Date(5)}).expires.getTime()).toBe(5); });
