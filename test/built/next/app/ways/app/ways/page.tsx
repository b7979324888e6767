import { act, bare, fail, nested } from "./actions";
import { View } from "./view";

export default function Page() {
  return (
    <main>
      <View />
      <form action={act} id="act">
        <input name="name" />
        <input name="what" />
        <button type="submit">Act</button>
      </form>
      <form action={bare} id="bare">
        <button type="submit">Bare</button>
      </form>
      <form action={nested} id="nested">
        <button type="submit">Nest</button>
      </form>
      <form action={fail} id="fail">
        <button type="submit">Fail</button>
      </form>
    </main>
  );
}
