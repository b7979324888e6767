interface AuthModule {
  Auth(request: Request, config: object): Promise<Response>;
  readonly skipCSRFCheck: symbol;
}

interface CredentialsModule {
  default(options: { authorize(): object }): object;
}

// By a name that the compiler does not see: the types of Auth.js bring the browser's along.
const AUTH: string = "@auth/core";
const CREDENTIALS: string = "@auth/core/providers/credentials";

export const { Auth, skipCSRFCheck }: AuthModule = await import(AUTH);
export const { default: Credentials }: CredentialsModule = await import(CREDENTIALS);
