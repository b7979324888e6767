import type { KeyedValues } from "../codec.ts";
import type { JsonObject } from "../json.ts";
import { type DueTimes, dueTimesIn } from "../notes.ts";
import type { SessionRecord } from "../record.ts";
import type { Shape } from "../shape.ts";
import { type FlashEntry, parseFlash } from "./edit.ts";

/** What the newest record that this request knows holds. Read when first asked for. */
export interface Stored {
  /** As stored. */
  readonly document: JsonObject;
  /** As shown: with what a schema makes of it. */
  readonly view: KeyedValues;
  readonly flash: readonly FlashEntry[];
  /** When values are due that have a time of their own. */
  readonly dueTimes: DueTimes | undefined;
}

/** What a record shows. Read when first asked for: most commits are the last thing of a request. */
export class Shown implements Stored {
  readonly dueTimes: Stored["dueTimes"];
  readonly #shape: Shape;
  readonly #record: Pick<SessionRecord, "data" | "flash">;
  readonly #known: Partial<Stored> | undefined;
  #document: Stored["document"] | undefined;
  #view: Stored["view"] | undefined;
  #flash: Stored["flash"] | undefined;

  constructor(
    shape: Shape,
    record: Pick<SessionRecord, "data" | "flash" | "notes">,
    known?: Partial<Stored>,
  ) {
    this.#shape = shape;
    this.#record = record;
    this.dueTimes = dueTimesIn(record.notes);
    this.#known = known;
  }

  get document(): Stored["document"] {
    this.#document ??= this.#known?.document ?? this.#shape.document(this.#record.data);
    return this.#document;
  }

  get view(): Stored["view"] {
    this.#view ??= this.#known?.view ?? this.#shape.view(this.document);
    return this.#view;
  }

  get flash(): Stored["flash"] {
    this.#flash ??= this.#known?.flash ?? parseFlash(this.#record.flash, this.#shape.codec);
    return this.#flash;
  }
}
