import type { Standard } from "./requirement.ts";

export const ASVS_CRYPTOGRAPHY: Standard = {
  title: "ASVS 5.0, chapters 9 and 11: tokens that carry data, and cryptography",
  link: "https://github.com/OWASP/ASVS/tree/master/5.0/en",
  about:
    "What is said of self-contained tokens holds for sessions in cookies, for copies of sessions in cookies and for an application's own sealed and signed cookies. Formats of Python are read and written as they are, with the algorithms that they have.",
  requirements: [
    {
      id: "ASVS 9.1.1",
      level: 1,
      asks: "Signature or seal is checked before anything inside is believed.",
      whose: "library",
    },
    {
      id: "ASVS 9.1.2",
      level: 1,
      asks: "Which algorithm counts is fixed beforehand, and is never none.",
      whose: "library",
    },
    {
      id: "ASVS 9.1.3",
      level: 1,
      asks: "Keys come from the configuration, never from the token.",
      whose: "library",
    },
    {
      id: "ASVS 9.2.1",
      level: 1,
      asks: "A token is believed within its times alone.",
      whose: "library",
    },
    {
      id: "ASVS 9.2.2",
      level: 2,
      asks: "A token is believed for the purpose alone that it was made for.",
      whose: "library",
    },
    {
      id: "ASVS 9.2.3",
      level: 2,
      asks: "A service believes only tokens that are meant for it.",
      whose: "library",
    },
    {
      id: "ASVS 9.2.4",
      level: 2,
      asks: "Where one key serves several audiences, the token says for which of them it is.",
      whose: "both",
      yours: "Give each application an audience of its own where they share keys.",
    },
    {
      id: "ASVS 11.2.1",
      level: 2,
      asks: "The primitives are those of a validated library, not home-made.",
      whose: "library",
    },
    {
      id: "ASVS 11.2.2",
      level: 2,
      asks: "Algorithms and keys can be exchanged while the application runs.",
      whose: "both",
      yours: "Put the new key first, and keep the old one for as long as sessions live.",
    },
    {
      id: "ASVS 11.2.3",
      level: 2,
      asks: "Every primitive gives 128 bits of security at least.",
      whose: "library",
    },
    {
      id: "ASVS 11.2.4",
      level: 3,
      asks: "Secrets are compared in constant time.",
      whose: "library",
    },
    {
      id: "ASVS 11.2.5",
      level: 3,
      asks: "A failure leads to a refusal, and tells an attacker nothing.",
      whose: "library",
    },
    {
      id: "ASVS 11.3.1",
      level: 1,
      asks: "No weak modes and no weak padding.",
      whose: "library",
    },
    {
      id: "ASVS 11.3.2",
      level: 1,
      asks: "Approved ciphers and modes alone.",
      whose: "library",
    },
    {
      id: "ASVS 11.3.3",
      level: 2,
      asks: "What is encrypted cannot be altered unnoticed.",
      whose: "library",
    },
    {
      id: "ASVS 11.3.4",
      level: 3,
      asks: "No nonce serves a key twice.",
      whose: "library",
    },
    {
      id: "ASVS 11.3.5",
      level: 3,
      asks: "Where a cipher and a MAC are combined, the MAC is over the ciphertext.",
      whose: "library",
    },
    {
      id: "ASVS 11.5.1",
      level: 2,
      asks: "What must not be guessed has 128 bits of a secure random source, and is no UUID.",
      whose: "library",
    },
  ],
};
