import { type Html, html } from "./html.ts";

/** The inn by the road. Its sun and moon, and the light in its windows, follow the theme. */
export const scene: Html = html`<svg class="scene" width="640" height="440" viewBox="0 0 640 440" aria-hidden="true">
      <rect class="sky" width="640" height="440"/>
      <g class="stars"><circle cx="84" cy="66" r="1.8"/><circle cx="152" cy="122" r="1.4"/><circle cx="232" cy="48" r="2"/><circle cx="318" cy="96" r="1.4"/><circle cx="386" cy="40" r="1.8"/><circle cx="566" cy="60" r="1.6"/><circle cx="604" cy="140" r="2"/><circle cx="58" cy="168" r="1.4"/></g>
      <circle class="sun" cx="486" cy="112" r="44"/>
      <path class="far" d="M0 250c70-60 130-70 200-26 50-50 120-64 186-18 60-40 130-44 254 10v224H0z"/>
      <path class="mid" d="M0 300c110-64 210-60 310-18s220 30 330-26v184H0z"/>
      <g class="trees"><path d="M92 214c14 22 22 42 22 58a22 22 0 0 1-44 0c0-16 8-36 22-58z"/><path d="M136 238c10 16 16 30 16 42a16 16 0 0 1-32 0c0-12 6-26 16-42z"/><path d="M556 216c14 22 22 40 22 56a22 22 0 0 1-44 0c0-16 8-34 22-56z"/></g>
      <path class="trunks" d="M92 262v44M136 276v30M556 262v40"/>
      <path class="near" d="M0 350c130-56 250-60 370-30s190 10 270-14v134H0z"/>
      <path class="road" d="M330 322c-8 24 70 30 62 56-6 22-92 30-120 62h150c10-30 66-40 62-72-4-26-110-28-104-46z"/>
      <path class="wall" d="M250 236h180v90H250z"/><path class="wall-shade" d="M376 236h54v90h-54z"/>
      <path class="roof" d="M236 240l34-58h140l34 58z"/><path class="roof-shade" d="M376 182h34l34 58h-68z"/>
      <path class="wall" d="M384 158h18v34h-18z"/><path class="roof" d="M381 152h24v9h-24z"/>
      <path class="smoke" d="M393 142c-10-14 10-20 0-36s8-20 2-34"/>
      <path class="door" d="M318 326v-40a18 18 0 0 1 36 0v40z"/><circle class="knob" cx="347" cy="304" r="2"/>
      <g class="panes"><path d="M270 300v-22a12 12 0 0 1 24 0v22zM390 300v-22a12 12 0 0 1 24 0v22z"/><path d="M328 222v-10a8 8 0 0 1 16 0v10z"/></g>
      <path class="bars" d="M282 266v34M270 284h24M402 266v34M390 284h24"/>
      <path class="post" d="M214 330v-52"/><path class="sign" d="M188 262h52v24h-52z"/><path class="sign-line" d="M198 274h32"/>
    </svg>`;
