import { type Html, html } from "./html.ts";

/** A drawing on a grid of 200, and the tint of the card it lies on. */
interface Picture {
  readonly tint: "dawn" | "sage" | "sand" | "mist" | "rose";
  readonly drawing: Html;
}

const SHADOW = html`<ellipse class="shadow" cx="100" cy="166" rx="58" ry="6"/>`;

const PICTURES: Readonly<Record<string, Picture>> = {
  lantern: {
    tint: "dawn",
    drawing: html`${SHADOW}
      <path class="line dusk" d="M70 70C58 40 142 40 130 70"/>
      <path class="dusk" d="M84 62h32l6 12H78z"/><rect class="dusk" x="90" y="52" width="20" height="12" rx="3"/>
      <path class="glass" d="M78 76h44c8 16 8 42-2 58H80c-10-16-10-42-2-58z"/>
      <circle class="glow" cx="100" cy="112" r="26"/>
      <path class="ochre" d="M100 90c10 12 14 18 14 26a14 14 0 0 1-28 0c0-8 4-14 14-26z"/>
      <path class="cream" d="M100 106c5 6 7 9 7 13a7 7 0 0 1-14 0c0-4 2-7 7-13z"/>
      <path class="line thin dusk" d="M72 76v60M128 76v60M68 106h64"/>
      <path class="dusk" d="M76 134h48l4 14H72z"/><rect class="dusk" x="66" y="148" width="68" height="16" rx="5"/>
      <path class="shade" d="M112 134h12l4 14h-12zM116 148h13a5 5 0 0 1 5 5v6a5 5 0 0 1-5 5h-13z"/>`,
  },
  blanket: {
    tint: "sage",
    drawing: html`${SHADOW}
      <path class="line wood" d="M72 92C72 52 120 52 118 92"/>
      <path class="cream" d="M58 92a23 35 0 0 0 0 70h86a23 35 0 0 0 0-70z"/>
      <path class="clay" d="M84 92a23 35 0 0 0 0 70h12a23 35 0 0 1 0-70zM103 92a23 35 0 0 0 0 70h4a23 35 0 0 1 0-70z"/>
      <path class="shade" d="M36 134c2 16 10 28 22 28h86c-8 0-16-12-20-28z"/>
      <path class="wood" d="M68 91a23 36 0 0 0 0 72h8a23 36 0 0 1 0-72zM116 91a23 36 0 0 0 0 72h8a23 36 0 0 1 0-72z"/>
      <rect class="ochre" x="42" y="119" width="14" height="14" rx="3"/><rect class="ochre" x="90" y="119" width="14" height="14" rx="3"/>
      <ellipse class="cream" cx="144" cy="127" rx="23" ry="35"/>
      <ellipse class="line thin clay" cx="144" cy="127" rx="16" ry="25"/><ellipse class="line thin clay" cx="144" cy="127" rx="9" ry="15"/><ellipse class="line thin clay" cx="144" cy="127" rx="2" ry="5"/>`,
  },
  mug: {
    tint: "mist",
    drawing: html`${SHADOW}
      <path class="line thin steam" d="M84 44c-6-8 6-12 0-20M104 44c-6-8 6-12 0-20"/>
      <path class="line wide cream" d="M132 86h10a20 20 0 0 1 0 42h-12"/>
      <path class="cream" d="M56 62h80v90a12 12 0 0 1-12 12H68a12 12 0 0 1-12-12z"/>
      <path class="shade" d="M112 62h24v90a12 12 0 0 1-12 12h-12z"/>
      <rect class="dusk" x="51" y="54" width="90" height="13" rx="6.5"/>
      <path class="line thin dusk" d="M66 156h60"/>
      <path class="dusk" d="M70 100l14-18 9 11 6-7 13 14z"/>
      <circle class="clay" cx="104" cy="82" r="4.5"/>`,
  },
  notebook: {
    tint: "sand",
    drawing: html`<ellipse class="shadow" cx="100" cy="164" rx="60" ry="6"/>
      <g transform="rotate(-7 100 106)">
        <path class="cream" d="M62 50h80a4 4 0 0 1 4 4v104a4 4 0 0 1-4 4H62z"/>
        <path class="dusk" d="M58 46h78a6 6 0 0 1 6 6v100a6 6 0 0 1-6 6H58z"/>
        <path class="shade" d="M58 46h14v112H58z"/>
        <rect class="cream" x="84" y="66" width="44" height="26" rx="2"/>
        <path class="line hair dusk" d="M92 76h28M92 83h18"/>
        <path class="line thin clay" d="M134 46v112"/>
        <path class="clay" d="M96 158h8v16l-4-4-4 4z"/>
      </g>
      <g transform="rotate(14 160 110)">
        <path class="ochre" d="M154 66h11v78h-11z"/><path class="shade" d="M160 66h5v78h-5z"/>
        <path class="cream" d="M154 144h11l-5.5 14z"/><path class="coal" d="M157.6 153h3.800l-1.9 5z"/>
        <path class="clay" d="M154 66v-5a3 3 0 0 1 3-3h5a3 3 0 0 1 3 3v5z"/>
      </g>`,
  },
  kettle: {
    tint: "rose",
    drawing: html`<ellipse class="shadow" cx="98" cy="164" rx="64" ry="6"/>
      <path class="line coal" d="M60 92C60 28 136 28 136 92"/>
      <path class="line wide wood" d="M80 49c12-6 24-6 36 0"/>
      <path class="moss" d="M132 112c16-2 22-10 30-28l12 5c-8 24-18 40-38 44z"/>
      <path class="moss" d="M58 92h80c14 16 18 44 8 66a6 6 0 0 1-6 4H56a6 6 0 0 1-6-4c-10-22-6-50 8-66z"/>
      <path class="shade" d="M116 92h22c14 16 18 44 8 66a6 6 0 0 1-6 4h-26c12-20 14-48 2-70z"/>
      <path class="coal" d="M66 92c2-12 16-18 32-18s30 6 32 18z"/><circle class="wood" cx="98" cy="70" r="7"/>
      <path class="line thin cream" d="M60 112c-4 10-4 22-1 32"/>`,
  },
  "key-tag": {
    tint: "sand",
    drawing: html`<ellipse class="shadow" cx="102" cy="172" rx="58" ry="5"/>
      <circle class="line thin coal" cx="104" cy="48" r="20"/>
      <g transform="rotate(24 104 66)">
        <path class="clay" d="M84 66h40l8 12v72a10 10 0 0 1-10 10H86a10 10 0 0 1-10-10V78z"/>
        <path class="shade" d="M116 66h8l8 12v72a10 10 0 0 1-10 10h-6z"/>
        <circle class="ochre" cx="104" cy="80" r="7"/><circle class="coal" cx="104" cy="80" r="3.5"/>
        <path class="line cream" d="M90 104h26l-13 38"/>
      </g>
      <g transform="rotate(-30 104 66)">
        <circle class="line ochre" cx="104" cy="80" r="15"/>
        <path class="ochre" d="M100 94h8v66h-8zM107 138h15v8h-15zM107 152h11v8h-11z"/>
      </g>`,
  },
  tea: {
    tint: "sage",
    drawing: html`${SHADOW}
      <path class="ochre" d="M62 72h76v84a8 8 0 0 1-8 8H70a8 8 0 0 1-8-8z"/>
      <path class="shade" d="M118 72h20v84a8 8 0 0 1-8 8h-12z"/>
      <path class="coal" d="M66 46h68a5 5 0 0 1 5 5v21H61V51a5 5 0 0 1 5-5z"/>
      <path class="line hair ochre" d="M61 64h78"/>
      <path class="cream" d="M62 92h76v50H62z"/><path class="shade" d="M118 92h20v50h-20z"/>
      <path class="moss" d="M100 98c16 8 18 26 0 38-18-12-16-30 0-38z"/>
      <path class="line hair cream" d="M100 104v30M100 116l7-5M100 124l-7-5"/>
      <path class="clay" d="M124 164a24 24 0 0 1 48 0z"/><path class="cream" d="M128 164a20 20 0 0 1 40 0z"/>
      <path class="ochre" d="M131 164a17 17 0 0 1 34 0z"/>
      <path class="line hair cream" d="M148 162v-14M147 163l-11-10M149 163l11-10"/>`,
  },
  stool: {
    tint: "dawn",
    drawing: html`<ellipse class="shadow" cx="100" cy="168" rx="58" ry="5"/>
      <path class="line wood" d="M62 74l76 90M138 74l-76 90"/>
      <path class="line shade" d="M100 119l38 45"/>
      <path class="line thin wood" d="M76 146h48"/>
      <circle class="ochre" cx="100" cy="119" r="5"/>
      <path class="clay" d="M48 62h104c-4 18-24 26-52 26s-48-8-52-26z"/>
      <path class="shade" d="M112 87c22-2 36-10 40-25h-24c-2 12-8 20-16 25z"/>
      <path class="line thin cream" d="M66 64c2 10 6 16 12 20M134 64c-2 10-6 16-12 20"/>
      <rect class="wood" x="42" y="54" width="116" height="11" rx="5.5"/>`,
  },
  map: {
    tint: "mist",
    drawing: html`<ellipse class="shadow" cx="100" cy="166" rx="66" ry="5"/>
      <path class="cream" d="M36 62l42-14v98l-42 14z"/><path class="cream" d="M78 48l44 14v98l-44-14z"/>
      <path class="cream" d="M122 62l42-14v98l-42 14z"/><path class="shade" d="M78 48l44 14v98l-44-14z"/>
      <path class="line thin moss" d="M38 92c20-14 30 4 40-6s28-8 44 6 28 4 40-8M38 108c20-14 30 4 40-6s28-8 44 6 28 4 40-8"/>
      <path class="line dusk" d="M38 140c18-10 26-2 40-14s26 16 44 8 28-16 40-12"/>
      <path class="line thin dashed clay" d="M50 128c14-24 30-30 50-26s26-12 38-24"/>
      <path class="clay" d="M140 44a15 15 0 0 1 15 15c0 10-9 15-15 26-6-11-15-16-15-26a15 15 0 0 1 15-15z"/>
      <circle class="cream" cx="140" cy="59" r="6"/>`,
  },
};

/** The drawing of a product, beside its name. */
export function picture(sku: string): Html | undefined {
  const known = PICTURES[sku];
  if (known === undefined) return undefined;
  const { tint, drawing } = known;
  return html`<svg class="picture picture--${tint}" width="200" height="200" viewBox="0 0 200 200" aria-hidden="true"><g class="drawing">${drawing}</g></svg>`;
}
