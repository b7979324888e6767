import { describe, expect, it } from "vitest";
import { html } from "../../demo/views/html.ts";

describe("The html template", () => {
  it("escapes whatever is put into it", () => {
    const text = `<script>"&'`;
    expect(String(html`<p title="${text}">${text}</p>`)).toBe(
      '<p title="&lt;script&gt;&quot;&amp;&#39;">&lt;script&gt;&quot;&amp;&#39;</p>',
    );
  });

  it("escapes a piece of a page once only, and a list piece by piece", () => {
    const items = ["a < b", html`<b>c</b>`].map((item) => html`<li>${item}</li>`);
    expect(String(html`<ul>${items}</ul>`)).toBe("<ul><li>a &lt; b</li><li><b>c</b></li></ul>");
  });

  it("shows nothing for what is absent, and a zero for a zero", () => {
    expect(String(html`[${undefined}${false}${0}]`)).toBe("[0]");
  });
});
