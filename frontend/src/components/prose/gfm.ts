import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

interface Reading {
  micromarkExtensions?: unknown[];
  fromMarkdownExtensions?: unknown[];
}

/** Tables, task lists, strikethrough, footnotes and bare links, read only: `remark-gfm` brings along
 * what writes Markdown, which no page does. */
export function remarkReadGfm(this: { data: () => object }): void {
  const data = this.data() as Reading;
  (data.micromarkExtensions ??= []).push(gfm());
  (data.fromMarkdownExtensions ??= []).push(gfmFromMarkdown());
}
