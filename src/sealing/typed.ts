// Whether somebody has typed a text, measured as a compressor would: by the bits that it takes under
// a model of words in English and German, against the six that each random character takes. A text
// that is drawn at random saves n bits under a given model once in 2^n times, whatever the model.

/** A random text passes for typed once in 10^9 times: 2^32, less two ways of writing, two spare bits. */
const SAVED_BITS = 32;
const RANDOM_BITS = 6;

type Kind = "small" | "capital" | "digit" | "other";

/** How often a character of one kind follows one of another. */
const NEXT: Readonly<Record<Kind, Readonly<Record<Kind, number>>>> = {
  small: { small: 0.78, capital: 0.12, digit: 0.06, other: 0.04 },
  capital: { small: 0.8, capital: 0.1, digit: 0.06, other: 0.04 },
  digit: { small: 0.13, capital: 0.13, digit: 0.7, other: 0.04 },
  other: { small: 0.4, capital: 0.4, digit: 0.15, other: 0.05 },
};

/** Characters of a kind; each is as likely as the next where no letter stands in front. */
const SIZES: Readonly<Record<Kind, number>> = { small: 26, capital: 26, digit: 10, other: 2 };

/** For each letter of the alphabet those that follow it most often in English and German. */
const FOLLOWERS: readonly string[] = (
  "ntlsrugm earluyio hoteaklr eiuaosld rnsidtlc oteriuaf eritnhuo eairolnt nstoecml easouiwb " +
  "eiulasot eliauots aeoipmun dgetsoic nrudmftw raelotpi ulshzabc eoaisutc eticsoua heioarsu " +
  "nrestmlc eaiogvsu iaehonsr ipatecyo opsentiv ueadwios"
).split(" ");
/** How often each of them does, and any other letter. */
const FOLLOWING: readonly number[] = [0.28, 0.15, 0.11, 0.09, 0.07, 0.06, 0.05, 0.04];
const OTHERWISE: number = 0.15 / 18;

/** Whether a text of base64url is more likely typed than drawn at random. */
export function isTyped(text: string): boolean {
  const mostBits = RANDOM_BITS * text.length - SAVED_BITS;
  return bitsOf(text) < mostBits || bitsOf(withCasesSwapped(text)) < mostBits;
}

function bitsOf(text: string): number {
  let bits = 0;
  let before = "";
  let last: Kind = "other";
  for (const character of text) {
    const kind = kindOf(character);
    bits -= Math.log2(NEXT[last][kind] * shareOf(character, kind, before));
    before = character;
    last = kind;
  }
  return bits;
}

/** How likely it is this one of its kind. */
function shareOf(character: string, kind: Kind, before: string): number {
  const followers = FOLLOWERS[before.toLowerCase().charCodeAt(0) - 0x61];
  if (kind !== "small" || followers === undefined) return 1 / SIZES[kind];
  return FOLLOWING[followers.indexOf(character)] ?? OTHERWISE;
}

function kindOf(character: string): Kind {
  if (character >= "a" && character <= "z") return "small";
  if (character >= "A" && character <= "Z") return "capital";
  return character >= "0" && character <= "9" ? "digit" : "other";
}

function withCasesSwapped(text: string): string {
  const swap = (letter: string): string =>
    kindOf(letter) === "small" ? letter.toUpperCase() : letter.toLowerCase();
  return text.replace(/[a-z]/gi, swap);
}
