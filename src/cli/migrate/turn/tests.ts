const TEST =
  /(^|\/)(tests?|__tests__|specs?|e2e|cypress|__mocks__)\/|[.-](test|spec|cy)\.[cm]?[jt]sx?$/;

/** Whether a program is a test, which makes requests of its own. */
export function isTest(path: string): boolean {
  return TEST.test(path);
}
