import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionsModule } from "../../src/cli/init/sessions-module.ts";
import { SETUPS } from "../../src/cli/init/setups.ts";
import { STORES } from "../../src/cli/init/stores.ts";
import { sojournHere } from "./support/command.ts";

const run = promisify(execFile);

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sojourn-init-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function projectWith(
  dependencies: readonly string[],
  devDependencies: readonly string[] = ["typescript"],
): Promise<void> {
  const list = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  const manifest = {
    dependencies: list(dependencies),
    devDependencies: list(devDependencies),
  };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
}

const init = (...args: string[]): ReturnType<typeof sojournHere> =>
  sojournHere(["init", ...args], { folder });

/** Every file below the folder, by its path there. */
async function written(): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name !== "package.json")
    .map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return Object.fromEntries(
    paths.map((path, place) => [path.slice(folder.length + 1), texts[place] ?? ""]),
  );
}

describe("sojourn init", () => {
  it.each(SETUPS)("sets $name up by its name, and once", async ({ name, store }) => {
    await projectWith([]);
    const first = await init(name);
    expect(first.code).toBe(0);
    const files = await written();
    expect(Object.values(files).join("\n")).toContain(
      `store: ${store?.expression ?? 'sqliteStore("sessions.db")'}`,
    );
    expect(first.stdout).toContain("npm install sojourn");
    const second = await init(name);
    expect(second.code).toBe(0);
    expect(await written()).toEqual(files);
    for (const path of Object.keys(files)) expect(second.stdout).toContain(`is there  ${path}`);
  });

  it.each(SETUPS)("finds $title by what package.json asks for", async ({ dependency, title }) => {
    await projectWith([dependency]);
    const { code, stdout } = await init("--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain(title);
    expect(await written()).toEqual({});
  });

  it("takes the framework that is built on the others", async () => {
    const above = SETUPS.filter(({ foundAfter = [] }) => foundAfter.length > 0);
    for (const { dependency, foundAfter = [], title } of above) {
      const below = SETUPS.filter(({ name }) => foundAfter.includes(name));
      await projectWith([dependency, ...below.map((each) => each.dependency)]);
      expect((await init("--dry-run")).stdout).toContain(title);
    }
  });

  it.each(STORES)("keeps sessions in $name by its name, or by its driver", async (store) => {
    const { name, driver, expression } = store;
    const [setup] = SETUPS;
    await projectWith([]);
    const { stdout } = await init(String(setup?.name), "--store", name);
    expect(Object.values(await written()).join("\n")).toContain(expression);
    if (driver === undefined) return;
    expect(stdout).toContain(`npm install sojourn ${driver}`);
    await projectWith([driver]);
    expect((await init(String(setup?.name), "--dry-run")).stdout).toContain(`sessions in ${name}`);
  });

  const plain = SETUPS.filter(({ onlyTypeScript }) => onlyTypeScript === undefined);

  it.each(plain)("writes JavaScript that Node can read for $title", async ({ name }) => {
    await projectWith([], []);
    expect((await init(name)).code).toBe(0);
    const files = Object.entries(await written());
    for (const [path, text] of files) {
      expect(path).not.toMatch(/\.m?ts$/);
      if (!/\.m?js$/.test(path)) continue;
      expect(text).not.toMatch(/from "\.[^"]+\.m?ts"/);
      const file = join(folder, "checked.mjs");
      await writeFile(file, text);
      await run(process.execPath, ["--check", file]);
    }
  });

  it("changes nothing that is there, and says what to add", async () => {
    await projectWith([]);
    const [setup] = SETUPS;
    const [sqlite] = STORES;
    if (setup === undefined || sqlite === undefined) throw new Error("There is no set-up.");
    const project = { dependencies: {}, isTypeScript: true, hasFile: () => true };
    const [file] = setup.files(project, sqlite);
    if (file === undefined) throw new Error("It writes no file.");
    await run("mkdir", ["-p", join(folder, file.path, "..")]);
    await writeFile(join(folder, file.path), "// mine\n");
    const { code, stdout } = await init(setup.name);
    expect(code).toBe(0);
    expect(await readFile(join(folder, file.path), "utf8")).toBe("// mine\n");
    expect(stdout).toContain(file.addition.sentence.split("\n")[0]);
  });

  it.each<[string, string | undefined, string[], RegExp]>([
    ["no package.json", undefined, [], /there is no package\.json here/],
    ["a package.json that is none", "{", [], /it is no JSON/],
    ["a list", "[]", [], /package\.json must hold an object/],
    ["null", "null", ["express"], /package\.json must hold an object/],
    ["a text", '"express"', ["express"], /package\.json must hold an object/],
    [
      "Nest in JavaScript",
      '{"dependencies":{"@nestjs/core":"1.0.0"}}',
      [],
      /Nest is TypeScript alone/,
    ],
    [
      "Nest in JavaScript, by name",
      "{}",
      ["nest"],
      /as Node reads no decorators; .* neither typescript/,
    ],
    ["nothing known", '{"dependencies":{"left-pad":"1.0.0"}}', [], /names no framework/],
    ["an unknown framework", "{}", ["rails"], /"?rails"? is not known/],
    ["an unknown store", "{}", ["express", "--store", "paper"], /paper/],
    ["a store that does not work there", "{}", ["workers", "--store", "sqlite"], /but cookies/],
    ["two frameworks", "{}", ["express", "koa"], /one framework at a time/],
    ["an unknown option", "{}", ["--force"], /no option --force/],
  ])("says so, and writes nothing, where it finds %s", async (_, manifest, args, says) => {
    if (manifest !== undefined) await writeFile(join(folder, "package.json"), manifest);
    const { code, stderr } = await init(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(await written()).toEqual({});
  });

  it("reads a package.json that begins with the mark of its encoding", async () => {
    await writeFile(join(folder, "package.json"), '\uFEFF{"dependencies":{"express":"5.0.0"}}');
    const { code, stdout } = await init("--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("Express");
  });

  it("says so where package.json is a folder", async () => {
    await mkdir(join(folder, "package.json"));
    expect(await init("express")).toMatchObject({
      code: 2,
      stderr: "sojourn: package.json cannot be read (EISDIR).\n",
    });
  });

  it("writes nothing through a link that leads nowhere", async () => {
    await projectWith(["express"]);
    await symlink(join(folder, "elsewhere.ts"), join(folder, "sessions.ts"));
    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(stdout).toContain("is there  sessions.ts");
    expect(Object.keys(await written())).toEqual(["app.ts"]);
  });

  it("says which file it cannot write, where something else is in the way", async () => {
    await projectWith([]);
    await writeFile(join(folder, "src"), "");
    const { code, stderr } = await init("hono");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^sojourn: src\/sessions\.ts cannot be written \((?:EEXIST|ENOTDIR)\)/);
  });
});

describe("the module that makes the manager", () => {
  it.each(STORES)("imports in order, and has no type that is left: $name", (store) => {
    const text = sessionsModule(store, "untold");
    const modules = [...text.matchAll(/from "(.+)"/g)].map(([, module]) => module);
    expect(modules).toEqual([...modules].sort());
    expect(text).toContain(`store: ${store.expression},`);
  });
});
