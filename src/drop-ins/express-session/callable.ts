/**
 * A class that can also be called on what is being made, `Store.call(this)`: so do stores that
 * inherit by `util.inherits`, of which there are many.
 */
export function callable<Class extends abstract new () => object>(
  name: string,
  made: Class,
  begin: (self: InstanceType<Class>) => void,
): Class {
  function construct(this: InstanceType<Class>): void {
    begin(this);
  }
  Object.defineProperty(construct, "name", { value: name });
  construct.prototype = made.prototype;
  Object.defineProperty(made.prototype, "constructor", { value: construct, writable: true });
  return Object.setPrototypeOf(construct, Object.getPrototypeOf(made));
}
