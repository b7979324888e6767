/** A project's folder, as `sojourn init` finds it. */
export interface Project {
  /** By name: what package.json asks for, development included. */
  readonly dependencies: Readonly<Record<string, string>>;
  /** Whether it is written in TypeScript. */
  readonly isTypeScript: boolean;
  /** Whether there is such a file, by its path in the folder. */
  hasFile(path: string): boolean;
}

/** How the sessions of the project are kept. */
export interface StoreSetup {
  /** As the user names it, such as `"redis"`. */
  readonly name: string;
  /** The lines that import it, in the order of their modules. */
  readonly imports: readonly string[];
  /** Lines that come before it, such as those that make its client. */
  readonly statements: readonly string[];
  /** What makes the store: `sqliteStore("sessions.db")`. */
  readonly expression: string;
  /** The driver's package, where there is one to install. */
  readonly driver: string | undefined;
}

/** A file that is written, or, where it is there already, shown with what to add to it. */
export interface SetupFile {
  /** In the project's folder, such as `"src/hooks.server.ts"`. */
  readonly path: string;
  /** All of it, as a new file. TypeScript; types are left out for projects in JavaScript. */
  readonly text: string;
  /** What to do where the file is there already: a sentence, and the lines to add. */
  readonly addition: { readonly sentence: string; readonly text: string };
}

/** How a framework's project is set up. */
export interface Setup {
  /** As the user names it: `sojourn init next`. */
  readonly name: string;
  /** As its people write it: `"Next.js"`. */
  readonly title: string;
  /** The dependency that shows it. */
  readonly dependency: string;
  /** The frameworks, by name, that it is built on, so that both dependencies may be there. */
  readonly foundAfter?: readonly string[] | undefined;
  /** Why it cannot be written in JavaScript, where it cannot: `"as …"`. */
  readonly onlyTypeScript?: string | undefined;
  /** The one store that works there, where others do not. */
  readonly store?: StoreSetup | undefined;
  /** The module that makes the manager, the one that mounts it, and a page that counts and signs in. */
  files(project: Project, store: StoreSetup): readonly SetupFile[];
  /** What is left to do, a sentence each: such as which address to open. */
  readonly next: readonly string[];
  /** The guide, `docs/…md`. */
  readonly guide: string;
}
