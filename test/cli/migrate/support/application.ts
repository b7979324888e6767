import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../packaging/support/project.ts";
import { type Ran, sojournHere } from "../../support/command.ts";

const FIXTURES = join(ROOT, "test/cli/migrate/fixtures");

/** A small application in a folder of its own, with what it depends on beside it. */
export class Application {
  readonly folder: string;
  readonly name: string;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
  }

  /** A copy of a fixture, which the tests may change. */
  static async copyOf(name: string): Promise<Application> {
    const folder = await mkdtemp(join(tmpdir(), "sojourn-migrate-"));
    await cp(join(FIXTURES, name, "before"), folder, { recursive: true });
    return new Application(folder, name);
  }

  /** What the codemod is to make of it. */
  static expected(name: string): Promise<Record<string, string>> {
    return filesIn(join(FIXTURES, name, "after"));
  }

  migrate(...args: string[]): Promise<Ran> {
    return sojournHere(["migrate", "express-session", ...args], { folder: this.folder });
  }

  files(): Promise<Record<string, string>> {
    return filesIn(this.folder);
  }

  write(path: string, text: string): Promise<void> {
    return writeFile(join(this.folder, path), text);
  }

  /** Links the packages of package.json, and more, in the versions that this repository has of them. */
  async install(...more: readonly string[]): Promise<void> {
    const modules = join(this.folder, "node_modules");
    await mkdir(modules);
    const { dependencies } = JSON.parse(await readFile(join(this.folder, "package.json"), "utf8"));
    const others = more.map((name): [string, string] => [name, ""]);
    for (const [name, range] of [...Object.entries<string>(dependencies), ...others]) {
      const at = name === "express" && range.startsWith("^4") ? "express4" : name;
      const target = name === "sojourn" ? ROOT : join(ROOT, "node_modules", at);
      await symlink(target, join(modules, name), "dir");
    }
  }

  /** What TypeScript finds wrong with it. */
  async typeErrors(): Promise<string> {
    await symlink(
      join(ROOT, "node_modules/@types"),
      join(this.folder, "node_modules/@types"),
      "dir",
    );
    await this.write("tsconfig.json", JSON.stringify(TSCONFIG));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const child = spawn(process.execPath, [compiler, "--project", this.folder]);
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => errors.push(chunk));
    await once(child, "close");
    return String(Buffer.concat(errors));
  }

  /** Starts it as a process of its own, for one story of a browser, which may have been here before. */
  async tell(
    module: string,
    story: readonly Step[],
    browser: Browser = { cookie: "" },
  ): Promise<Answer[]> {
    await this.write("start.mjs", START.replace("MODULE", module));
    const child = spawn(process.execPath, ["start.mjs"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"], NODE_ENV: "test" },
    });
    try {
      const [port] = await Promise.race([
        once(child.stdout, "data"),
        once(child, "exit").then(() => Promise.reject(new Error(`${this.name} does not start.`))),
      ]);
      return await told(`http://127.0.0.1:${Number(port)}`, story, browser);
    } finally {
      const isOver = once(child, "exit");
      child.kill();
      await isOver;
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

const TSCONFIG = {
  compilerOptions: {
    allowImportingTsExtensions: true,
    module: "nodenext",
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: "es2022",
    types: ["node"],
  },
  include: ["src"],
};

const START = `
const { app, default: standard = app } = await import("./MODULE");
const server = standard.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** One request: `POST /login`, and what it sends. */
export interface Step {
  readonly request: string;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** How many of it are sent at once, of which the first answer counts. @defaultValue 1 */
  readonly atOnce?: number;
}

/** What a browser keeps while an application is started anew. */
export interface Browser {
  cookie: string;
}

/** What a visitor sees of an answer. */
export interface Answer {
  readonly request: string;
  readonly status: number;
  readonly location: string | null;
  readonly body: string;
  /** Whether the visitor has another session afterwards. */
  readonly isNewCookie: boolean;
}

/** The answers of one browser that sends request by request. */
async function told(origin: string, story: readonly Step[], browser: Browser): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const step of story) {
    const { request, atOnce = 1 } = step;
    const sent = Array.from({ length: atOnce }, () => fetched(origin, step, browser));
    const [response] = await Promise.all(sent);
    if (response === undefined) continue;
    const [set = ""] = response.headers.getSetCookie();
    const given = set.split(";", 1)[0] ?? "";
    const isNewCookie = given !== "" && given !== browser.cookie;
    if (given !== "") browser.cookie = given;
    const location = response.headers.get("location");
    // Express's own error page has the stack, with the places of the lines.
    const body = (await response.text()).replace(/<br>.*/s, "");
    answers.push({ request, status: response.status, location, body, isNewCookie });
  }
  return answers;
}

function fetched(origin: string, step: Step, browser: Browser): Promise<Response> {
  const { request, form, json } = step;
  const [method = "GET", path = "/"] = request.split(" ");
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const text = json === undefined ? null : JSON.stringify(json);
  return fetch(origin + path, {
    method,
    redirect: "manual",
    headers: { cookie: browser.cookie, ...type },
    body: form === undefined ? text : new URLSearchParams(form),
  });
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules") && !path.endsWith("start.mjs"))
    .sort();
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return Object.fromEntries(
    paths.map((path, at) => [path.slice(folder.length + 1), texts[at] ?? ""]),
  );
}
