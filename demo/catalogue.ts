import type { Language } from "./words/words.ts";

type Translated = Readonly<Record<Language, string>>;

/** Something the shop sells. Its picture is in `views/pictures.ts`. */
export interface Product {
  readonly sku: string;
  readonly cents: number;
  /** With soft hyphens (U+00AD), as not every browser knows where German words may break. */
  readonly name: Translated;
  readonly line: Translated;
  readonly story: Translated;
}

export const PRODUCTS: readonly Product[] = [
  {
    sku: "lantern",
    cents: 4200,
    name: { en: "Storm lantern", de: "Sturm\u00ADlaterne" },
    line: { en: "Burns eleven hours", de: "Brennt elf Stunden" },
    story: {
      en: "A steady light for a strange room. The glass lifts with one thumb, the wick turns down to a glimmer, and the handle stays cool.",
      de: "Ein ruhiges Licht für ein fremdes Zimmer. Das Glas hebt sich mit einem Daumen, der Docht lässt sich bis auf ein Glimmen drehen, und der Griff bleibt kühl.",
    },
  },
  {
    sku: "blanket",
    cents: 8900,
    name: { en: "Wool blanket", de: "Wolldecke" },
    line: { en: "Undyed, with a stripe", de: "Ungefärbt, mit Streifen" },
    story: {
      en: "Woven from the wool of one flock and washed twice, so that it is soft on the first night. It smells faintly of the hill it came from.",
      de: "Aus der Wolle einer einzigen Herde gewebt und zweimal gewaschen, damit sie schon in der ersten Nacht weich ist. Sie riecht ein wenig nach dem Hügel, von dem sie kommt.",
    },
  },
  {
    sku: "mug",
    cents: 1400,
    name: { en: "Enamel mug", de: "Emaille\u00ADbecher" },
    line: { en: "Forty centilitres", de: "Vierzig Zentiliter" },
    story: {
      en: "Two coats of cream enamel over steel and a blue rim. Chips are expected; they are how you will tell yours from the others.",
      de: "Zwei Schichten cremefarbene Emaille auf Stahl, dazu ein blauer Rand. Macken gehören dazu: An ihnen erkennst du deinen Becher wieder.",
    },
  },
  {
    sku: "notebook",
    cents: 950,
    name: { en: "Pocket notebook", de: "Taschen\u00ADnotiz\u00ADbuch" },
    line: { en: "Ninety-six plain pages", de: "Sechsundneunzig leere Seiten" },
    story: {
      en: "Thread-sewn, so that it lies flat on a knee. The last page has a pocket for the ticket that you want to keep.",
      de: "Fadengeheftet, damit es flach auf dem Knie liegt. Hinten ist eine Tasche für die Fahrkarte, die du behalten möchtest.",
    },
  },
  {
    sku: "kettle",
    cents: 3800,
    name: { en: "Camp kettle", de: "Wasser\u00ADkessel" },
    line: { en: "Boils for three", de: "Kocht für drei" },
    story: {
      en: "Low and wide, so that it is stable on a bad stove and quick on a good one. The lid cannot fall off while you pour.",
      de: "Niedrig und breit: standfest auf einem schlechten Herd, schnell auf einem guten. Der Deckel fällt beim Gießen nicht herunter.",
    },
  },
  {
    sku: "key-tag",
    cents: 1200,
    name: { en: "Room key tag", de: "Zimmer\u00ADanhänger" },
    line: { en: "Leather and brass", de: "Leder und Messing" },
    story: {
      en: "Heavy enough that you notice when it is not in your pocket. We stamp it with a number of your choice, as long as it is seven.",
      de: "Schwer genug, dass du merkst, wenn er nicht in der Tasche ist. Wir prägen eine Zahl deiner Wahl hinein, solange es die Sieben ist.",
    },
  },
  {
    sku: "tea",
    cents: 1100,
    name: { en: "Tea for the road", de: "Tee für unterwegs" },
    line: { en: "A tin of forty cups", de: "Eine Dose für vierzig Tassen" },
    story: {
      en: "Black tea with a little smoke and orange peel. Good with the water of any town, and with no milk at all.",
      de: "Schwarzer Tee mit etwas Rauch und Orangenschale. Schmeckt mit dem Wasser jeder Stadt und ganz ohne Milch.",
    },
  },
  {
    sku: "stool",
    cents: 6400,
    name: { en: "Folding stool", de: "Klapp\u00ADhocker" },
    line: { en: "Ash and canvas", de: "Esche und Segeltuch" },
    story: {
      en: "For the platform, the river bank and the guest who was not expected. It folds to the width of a newspaper.",
      de: "Für den Bahnsteig, das Flussufer und den unerwarteten Gast. Zusammengeklappt ist er so schmal wie eine Zeitung.",
    },
  },
  {
    sku: "map",
    cents: 700,
    name: { en: "Walking map", de: "Wander\u00ADkarte" },
    line: { en: "One inch to the mile", de: "Ein Zentimeter auf 600 Meter" },
    story: {
      en: "Every path within a day of the inn, drawn by someone who walked them. It folds back the way it came; we have tried.",
      de: "Jeder Weg im Umkreis eines Tages, gezeichnet von jemandem, der ihn gegangen ist. Sie lässt sich wieder zusammenfalten. Wir haben es versucht.",
    },
  },
];

const BY_SKU: ReadonlyMap<string, Product> = new Map(PRODUCTS.map((item) => [item.sku, item]));

/** The product under a SKU as it came from a URL or a form, if there is one. */
export function productOf(sku: string): Product | undefined {
  return BY_SKU.get(sku);
}
