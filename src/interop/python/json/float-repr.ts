/** A float as Python's `repr` lays it out, but for what is not finite: that as its JSON names it. */
export function floatRepr(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  // Both languages choose the shortest digits that read back as the same float.
  const [mantissa = "", power = ""] = Math.abs(value).toExponential().split("e");
  return sign + laidOut(mantissa.replace(".", ""), Number(power));
}

function laidOut(digits: string, exponent: number): string {
  if (exponent < -4 || exponent >= 16) return scientific(digits, exponent);
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  const power = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${power}`;
}
