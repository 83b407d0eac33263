import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Fragment, memo, type ReactNode } from "react";
import ReactMarkdown, { type Components, type Options } from "react-markdown";

import classes from "./Prose.module.css";
import { useExtras } from "./prose/extras";
import { remarkReadGfm } from "./prose/gfm";
import { Link } from "./prose/Link";
import { piecesOf, rehypePassages, type Mark } from "./prose/passages";
import { isTooHeavy, parts, seen } from "./prose/weight";

export interface ProseLook {
  markdown: boolean;
  face: "serif" | "sans";
  text_size: 0 | 1 | 2 | 3;
}

/** Model output is hostile text: no HTML, nothing fetched, links that lead nowhere. */
const INERT: Components = {
  a: ({ href, children }) => <Link href={href}>{children}</Link>,
  img: ({ src, alt }) => (
    <span className={classes.media} title={typeof src === "string" ? src : undefined} data-not-text>
      {alt ? t`Image not loaded: ${alt}` : t`Image not loaded`}
    </span>
  ),
  input: ({ checked }) => <span aria-hidden>{checked ? "☑ " : "☐ "}</span>,
};

interface Props {
  text: string;
  look: ProseLook;
  /** Passages to show as marked. Given, even if empty, every word says where it lies in the text. */
  marks?: readonly Mark[] | undefined;
  /** By which a selection in it is known. */
  passage?: string | undefined;
}

/** One text of a prompt or response, as its reader chose to see it. */
export const Prose = memo(function Prose({ text, look, marks, passage }: Props) {
  const shown = seen(text);
  const heavy = look.markdown && isTooHeavy(shown);
  const markdown = look.markdown && !heavy;
  const className = [
    classes.prose,
    look.face === "serif" ? classes.serif : "",
    look.text_size === 1 ? "" : classes[`size${look.text_size}`],
    markdown ? "" : classes.plain,
  ].join(" ");
  return (
    <div className={className} dir="auto" lang="" data-passage={passage}>
      {heavy ? (
        <p className={classes.heavy} data-not-text>
          <Trans>Shown as plain text: it is too long or too tangled for Markdown.</Trans>
        </p>
      ) : null}
      {markdown ? <Rich text={shown} marks={marks} /> : <Plain text={shown} marks={marks} />}
    </div>
  );
});

function Rich({ text, marks }: { text: string; marks: readonly Mark[] | undefined }) {
  const { math, code } = useExtras(text);
  const source = math?.prepare?.(text) ?? text;
  const rehypePlugins: NonNullable<Options["rehypePlugins"]> = [
    ...(marks ? [[rehypePassages, { source, marks }] as const] : (code?.rehypePlugins ?? [])),
    ...(math?.rehypePlugins ?? []),
  ] as NonNullable<Options["rehypePlugins"]>;
  return (
    <ReactMarkdown
      remarkPlugins={[remarkReadGfm, ...(math?.remarkPlugins ?? [])]}
      rehypePlugins={rehypePlugins}
      components={{ ...INERT, ...math?.components }}
    >
      {source}
    </ReactMarkdown>
  );
}

function Plain({ text, marks }: { text: string; marks: readonly Mark[] | undefined }) {
  const cut = parts(text);
  return cut.map(({ from, text: part }) => {
    const words = marks ? <Placed text={part} from={from} marks={marks} /> : part;
    return cut.length === 1 ? (
      <Fragment key={from}>{words}</Fragment>
    ) : (
      <div key={from} className={classes.part}>
        {words}
      </div>
    );
  });
}

/** Words that say where they lie in the text. */
function Placed({ text, from, marks }: { text: string; from: number; marks: readonly Mark[] }): ReactNode {
  return piecesOf(text, text, from, marks).map((piece) => {
    const [first] = piece.marks;
    const place = { "data-from": piece.from, "data-to": piece.to };
    return first ? (
      <mark key={piece.from} {...place} data-label={first.label % 8} title={piece.marks.map(({ title }) => title).join(", ")}>
        {piece.text}
      </mark>
    ) : (
      <span key={piece.from} {...place}>
        {piece.text}
      </span>
    );
  });
}
