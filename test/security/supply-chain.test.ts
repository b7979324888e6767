import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { npm } from "../packaging/support/packed.ts";
import { find, MANIFEST, ROOT } from "../packaging/support/project.ts";

const readText = (file: string): string => readFileSync(join(ROOT, file), "utf8");

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

describe("the lock file", () => {
  const { packages }: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
    readText("package-lock.json"),
  );
  const locked = Object.entries(packages).filter(([path]) => path !== "");

  it("has the hash of each package, and of no other place than the registry in use", () => {
    const unsafe = locked.filter(
      ([, { integrity, resolved }]) => !integrity?.startsWith("sha512-") || resolved !== undefined,
    );
    expect(locked.length).toBeGreaterThan(100);
    expect(unsafe).toEqual([]);
  });

  it("names the very versions that the package asks for", () => {
    const open = Object.entries(MANIFEST.devDependencies).filter(
      ([, version]) => !/^(?:npm:.+@)?\d+\.\d+\.\d+$/.test(version),
    );
    expect(open).toEqual([]);
  });
});

describe("the list of what is in the package (CycloneDX)", () => {
  it("is made by npm run sbom, and lists no other package", () => {
    const bom = JSON.parse(npm(["run", "--silent", "sbom"], ROOT));
    const { name, version } = MANIFEST;
    expect(bom).toMatchObject({
      bomFormat: "CycloneDX",
      metadata: { component: { purl: `pkg:npm/${name}@${version}`, type: "library" } },
      components: [],
    });
    expect(bom.dependencies).toEqual([{ ref: `${name}@${version}`, dependsOn: [] }]);
  });
});

describe.each(find(".github/workflows/*.yml"))("the workflow %s", (file) => {
  const text = readText(file);

  it("runs actions by the hash of their commit", () => {
    const uses = [...text.matchAll(/uses: *(.*)/g)].map(({ 1: action = "" }) => action);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((action) => !/^[\w/-]+@[0-9a-f]{40} # v[\d.]+$/.test(action))).toEqual([]);
  });

  it("has no secret, and gives nothing by default", () => {
    expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN|_authToken/);
    expect(text).toMatch(/^permissions: \{\}$/m);
    expect(text.match(/checkout@/g)?.length).toBe(
      text.match(/persist-credentials: false/g)?.length,
    );
  });

  it("puts nothing from outside into a command", () => {
    expect(text).not.toContain("${{");
  });
});

describe("publishing", () => {
  const workflow = readText(".github/workflows/publish.yml");
  const jobs = new Map(
    workflow
      .slice(workflow.indexOf("\njobs:"))
      .split(/\n(?= {2}\w+:\n)/)
      .slice(1)
      .map((job) => [job.trim().slice(0, job.trim().indexOf(":")), job]),
  );

  it("needs no token, and says where the package was built", () => {
    expect([...jobs.keys()]).toEqual(["test", "build", "publish"]);
    expect(jobs.get("publish")).toMatch(/\n {6}id-token: write\n/);
    expect(jobs.get("publish")).toMatch(
      /npm publish release\/\*\.tgz --provenance .*--ignore-scripts/,
    );
    expect(jobs.get("publish")).toContain("needs: [test, build]");
    expect(jobs.get("publish")).toContain("sbom-path: release/sbom.cdx.json");
  });

  it("lets no code of ours, nor of a dependency, run where it may publish", () => {
    for (const [name, job] of jobs) {
      expect([name, job.includes("id-token")]).toEqual([name, name === "publish"]);
    }
    const commands = [...(jobs.get("publish") ?? "").matchAll(/run: (.*)/g)];
    expect(commands.map(({ 1: command = "" }) => command.split(" ", 2))).toEqual([
      ["npm", "publish"],
    ]);
    expect(jobs.get("publish")).not.toContain("checkout");
    expect(jobs.get("build")).toContain("npm ci --ignore-scripts");
  });
});
