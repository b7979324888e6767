import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, type CDPSession, chromium, type Page } from "playwright-core";

/** What Chromium tells of its device-bound sessions. */
export interface DeviceEvent {
  readonly sessionId?: string;
  readonly succeeded: boolean;
  readonly creationEventDetails?: { readonly fetchResult: string };
  readonly refreshEventDetails?: { readonly refreshResult: string; readonly fetchResult?: string };
  readonly challengeEventDetails?: { readonly challengeResult: string };
  readonly terminationEventDetails?: { readonly deletionReason: string };
}

const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--host-resolver-rules=MAP *.test 127.0.0.1",
  "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
];

/** Debian's Chromium with a profile of its own, and keys in software in place of a TPM. */
export class Profile {
  readonly events: DeviceEvent[] = [];
  readonly #folder: string = mkdtempSync(join(tmpdir(), "sojourn-profile-"));
  #running: Running | undefined;

  /** @param spki - Of a certificate of our own: to ignore all errors leaves no session bound. */
  static async open(spki: string): Promise<Profile> {
    const profile = new Profile();
    await profile.#start(spki);
    return profile;
  }

  get context(): BrowserContext {
    return this.#now.context;
  }

  get page(): Page {
    return this.#now.page;
  }

  /** Lets the browser forget a cookie, as if its time were over. */
  async forget(name: string, url: string): Promise<void> {
    await this.#now.cdp.send("Network.deleteCookies", { name, url });
  }

  /** Ends the browser, and starts another on the same profile. */
  async restart(spki: string): Promise<void> {
    await this.context.close();
    await this.#start(spki);
  }

  async close(): Promise<void> {
    await this.#running?.context.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #now(): Running {
    if (this.#running === undefined) throw new Error("The browser is not there.");
    return this.#running;
  }

  async #start(spki: string): Promise<void> {
    const context = await chromium.launchPersistentContext(this.#folder, {
      executablePath: "/usr/bin/chromium",
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      args: [...ARGUMENTS, `--ignore-certificate-errors-spki-list=${spki}`],
    });
    const [page = await context.newPage()] = context.pages();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Network.enable");
    // Newer than the types of the protocol.
    cdp.on("Network.deviceBoundSessionEventOccurred" as never, (event: DeviceEvent) => {
      this.events.push(event);
    });
    await cdp.send("Network.enableDeviceBoundSessions" as never, { enable: true } as never);
    this.#running = { context, page, cdp };
  }
}

interface Running {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly cdp: CDPSession;
}
