/** What the site keeps of a visitor. */
export interface Shop {
  visits: number;
  theme: string;
}
