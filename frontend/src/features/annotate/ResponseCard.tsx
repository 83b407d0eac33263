import { memo, type ReactNode } from "react";

import type { Message } from "@/api/types";
import { Prose, type ProseLook } from "@/components/Prose";

import { letter } from "./judgment";
import type { Outcome } from "./outcome";
import classes from "./ResponseCard.module.css";

interface Props {
  index: number;
  messages: readonly Message[];
  look: ProseLook;
  outcome: Outcome | null;
  focused: boolean;
  onFocus: () => void;
  /** What is said about this response alone. */
  children?: ReactNode;
}

/** One response, known by its letter only. */
export const ResponseCard = memo(function ResponseCard({ index, messages, look, outcome, focused, onFocus, children }: Props) {
  const name = letter(index);
  return (
    <article
      id={`response-${index}`}
      className={classes.card}
      aria-label={`Response ${name}${outcome ? `: ${outcome.word}` : ""}`}
      aria-current={focused ? "true" : undefined}
      data-chosen={outcome?.chosen ?? false}
      onPointerDown={onFocus}
    >
      <header className={classes.head}>
        <h2 className={classes.letter}>{name}</h2>
        <span className={classes.outcome}>{outcome?.word ?? ""}</span>
      </header>
      {messages.map((message, turn) => (
        <div key={turn}>
          {messages.length > 1 ? <span className={classes.role}>{message.role}</span> : null}
          <Prose text={message.content} look={look} />
        </div>
      ))}
      {children}
    </article>
  );
});
