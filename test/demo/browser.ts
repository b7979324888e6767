import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's own Chromium, as a browser that a test tool downloads itself is not to be had. */
const LAUNCH = {
  executablePath: "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

export const PASSWORD = "a short sentence";

/** @param args - What else Chromium is told. */
export function openBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ ...LAUNCH, args: [...LAUNCH.args, ...args] });
}

/** Registers at the form, with a new e-mail that it resolves to. */
export async function register(page: Page, name = "Ada"): Promise<string> {
  const email = `${crypto.randomUUID()}@example.com`;
  await page.goto("/register");
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button").click();
  await page.getByText("Your account is ready").waitFor();
  return email;
}

export async function signIn(page: Page, email: string, remember?: "remember"): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  if (remember) await page.getByLabel("Remember me").check();
  await page.getByRole("main").getByRole("button").click();
  await page.getByText("You are signed in").waitFor();
}

/** Puts a product into the cart from its own page. */
export async function add(page: Page, sku: string): Promise<void> {
  await page.goto(`/things/${sku}`);
  await page.getByRole("button", { name: "Add to cart" }).click();
  await page.getByText("It is in your cart.").waitFor();
}

/** The lines of the cart, as `2 Enamel mug`. */
export async function cartLines(page: Page): Promise<string[]> {
  await page.goto("/cart");
  const lines = await page.locator(".cart-line").all();
  return Promise.all(
    lines.map(async (line) => {
      const quantity = await line.locator("output").textContent();
      return `${quantity} ${await line.getByRole("heading").textContent()}`;
    }),
  );
}

/** Signs devices out at the account's page, which asks for the password. */
export async function end(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name, exact: name.endsWith("everywhere") }).click();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("main").getByRole("button", { name, exact: true }).click();
}

/** The public id of the page's session, as the panel tells it. */
export async function sessionId(page: Page): Promise<string | null> {
  await page.goto("/session");
  return page.locator(".facts code").getAttribute("title");
}

export async function sessionCookie(context: BrowserContext) {
  const cookies = await context.cookies();
  return cookies.find(({ name }) => name === "session");
}

export async function isSignedIn(page: Page): Promise<boolean> {
  await page.goto("/");
  return page.getByRole("button", { name: "Sign out" }).isVisible();
}
