import { t } from "@lingui/core/macro";
import { lazy, memo, Suspense, type ReactNode } from "react";

import type { Message } from "@/api/types";
import { Prose, type ProseLook } from "@/components/Prose";
import type { Mark } from "@/components/prose/passages";
import { speaker } from "@/lib/names";

import { letter } from "./judgment";
import type { Outcome } from "./outcome";
import classes from "./ResponseCard.module.css";

const DiffText = lazy(() => import("./DiffText"));

interface Props {
  index: number;
  messages: readonly Message[];
  look: ProseLook;
  /** The marked passages of each message, and by which name a selection in it is known. */
  passages: readonly { id: string; marks: readonly Mark[] }[] | null;
  /** The texts to compare with; null where nothing is compared. */
  against: readonly string[] | null;
  /** Scrolls by itself. */
  apart: boolean;
  outcome: Outcome | null;
  focused: boolean;
  onFocus: () => void;
  /** What is said about this response alone. */
  children?: ReactNode;
}

/** One response, known by its letter only. */
export const ResponseCard = memo(function ResponseCard({ index, messages, look, passages, against, apart, outcome, focused, onFocus, children }: Props) {
  const name = letter(index);
  return (
    <article
      id={`response-${index}`}
      className={classes.card}
      aria-label={outcome ? t`Response ${name}: ${outcome.word}` : t`Response ${name}`}
      aria-current={focused ? "true" : undefined}
      data-chosen={outcome?.chosen ?? false}
      data-apart={apart}
      tabIndex={apart ? 0 : undefined}
      onPointerDown={onFocus}
    >
      <header className={classes.head}>
        <h2 className={classes.letter}>{name}</h2>
        <span className={classes.outcome}>{outcome?.word ?? ""}</span>
      </header>
      {messages.map((message, turn) => (
        <div key={turn}>
          {messages.length > 1 ? <span className={classes.role}>{speaker(message.role)}</span> : null}
          <Suspense fallback={<Prose text={message.content} look={look} />}>
            {against ? (
              <DiffText text={message.content} other={against[turn] ?? ""} look={look} />
            ) : (
              <Prose text={message.content} look={look} marks={passages?.[turn]?.marks} passage={passages?.[turn]?.id} />
            )}
          </Suspense>
        </div>
      ))}
      {children}
    </article>
  );
});
