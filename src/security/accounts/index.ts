export {
  type Account,
  type AccountSignIn,
  type Accounts,
  type AccountsOptions,
  accounts,
} from "./accounts.ts";
