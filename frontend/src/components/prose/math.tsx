import "katex/dist/katex.min.css";

import type { Root, RootContent } from "hast";
import katex from "katex";
import { useEffect, useRef } from "react";
import remarkMath from "remark-math";

import { MONEY, prepareDollars } from "./dollars";
import type { Extra } from "./extras";

const MAX_LENGTH = 2_000;

/** A formula. No macro of a text opens a link, loads a file or names a class. */
function Formula({ tex, display }: { tex: string; display: boolean }) {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!place.current || tex.length > MAX_LENGTH) return;
    try {
      katex.render(tex, place.current, {
        displayMode: display,
        trust: false,
        strict: "ignore",
        maxExpand: 200,
        maxSize: 20,
        throwOnError: true,
      });
    } catch {
      // Not a formula after all: it stays as it was written.
      place.current.textContent = tex;
    }
  }, [tex, display]);
  return (
    <span ref={place} data-formula={display ? "display" : "inline"} dir="ltr">
      {tex}
    </span>
  );
}

/** Puts the dollar signs back that were money. */
function rehypeMoney() {
  const visit = (node: Root | RootContent): void => {
    if (node.type === "text") node.value = node.value.replaceAll(MONEY, "$");
    else if ("children" in node) node.children.forEach(visit);
  };
  return visit as (tree: Root) => void;
}

export const extra: Extra = {
  prepare: prepareDollars,
  remarkPlugins: [remarkMath],
  rehypePlugins: [rehypeMoney],
  components: {
    code: ({ className, children }) => {
      const math = /math-(inline|display)/.exec(className ?? "");
      if (!math || typeof children !== "string") return <code className={className}>{children}</code>;
      return <Formula tex={children} display={math[1] === "display"} />;
    },
  },
};
