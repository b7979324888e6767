/** What is used of Next, which is too large to be installed for one adapter. */
declare module "next/headers.js" {
  interface Jar {
    getAll(): { readonly name: string; readonly value: string }[];
    set(name: string, value: string, options: object): unknown;
  }

  export function cookies(): Promise<Jar>;
  export function headers(): Promise<Headers>;
}
