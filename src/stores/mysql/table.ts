/** Which table keeps the sessions, in which database. */
export interface Table {
  /** `undefined`: the one that a connection uses at the moment. */
  readonly database: string | undefined;
  readonly name: string;
}

/** The quoted names of the store's tables. */
export interface TableNames {
  readonly sessions: string;
  readonly generations: string;
  readonly meta: string;
}

/** The table that an option names, as `sessions` or as `shop.sessions`. */
export function tableOf(option: string): Table {
  const [name = "", database] = option.split(".").toReversed();
  return { database, name };
}

/** The store's tables, all named after the first. */
export function tableNames({ database, name }: Table): TableNames {
  const place = database === undefined ? "" : `${quoted(database)}.`;
  return {
    sessions: `${place}${quoted(name)}`,
    generations: `${place}${quoted(`${name}_generations`)}`,
    meta: `${place}${quoted(`${name}_meta`)}`,
  };
}

/** A name as MySQL takes it, whatever is in it. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
