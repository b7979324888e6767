/** One measurement of one of two kinds. */
export interface Sample {
  readonly isFirst: boolean;
  readonly value: number;
}

/** Moments of one kind, kept as they come (Welford). */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    const before = value - this.mean;
    this.mean += before / this.count;
    this.#squares += before * (value - this.mean);
  }

  /** The variance of the mean. */
  get error(): number {
    return this.#squares / (this.count - 1) / this.count;
  }
}

/** Welch's t: how far the means of the two kinds are apart, beside their errors. */
export function welchT(samples: readonly Sample[]): number {
  const [first, second] = [new Moments(), new Moments()];
  for (const { isFirst, value } of samples) (isFirst ? first : second).add(value);
  return (first.mean - second.mean) / Math.sqrt(first.error + second.error);
}

/** At which percentiles the slowest are left out: what interrupted them says nothing of their input. */
const CROPS = [50, 70, 80, 90, 95, 99, 100];

/** The t that is farthest from 0, of all at which the slowest were left out. */
export function greatestT(samples: readonly Sample[]): {
  readonly t: number;
  readonly cropped: number;
} {
  const values = samples.map(({ value }) => value).sort((one, other) => one - other);
  const found = CROPS.map((cropped) => {
    const limit =
      values[Math.ceil((values.length * cropped) / 100) - 1] ?? Number.POSITIVE_INFINITY;
    return { cropped, t: welchT(samples.filter(({ value }) => value <= limit)) };
  });
  return found.reduce((most, each) => (Math.abs(each.t) > Math.abs(most.t) ? each : most));
}
