/** What the user of the command gave cannot be used: one line that says what, and what to do. */
export class WrongInput extends Error {
  override readonly name = "WrongInput";
}
