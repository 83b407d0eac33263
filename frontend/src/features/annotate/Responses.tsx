import { t } from "@lingui/core/macro";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef, type ReactNode } from "react";

import type { Assignment } from "@/api/types";
import { usePreferences } from "@/lib/preferences";

import { isPair, letter, type Draft } from "./judgment";
import { outcomeOf } from "./outcome";
import { ResponseCard } from "./ResponseCard";
import { passageId } from "./selection";
import { marks, marksOf } from "./spans";
import classes from "./Responses.module.css";

interface Props {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  /** Show what each has that the other one, or the focused one, has not. */
  comparing: boolean;
  onFocus: (index: number) => void;
  /** What goes under one response. */
  under: (index: number) => ReactNode;
}

/** The responses: side by side where there is room, else one at a time under tabs. */
export function Responses({ assignment, draft, focus, comparing, onFocus, under }: Props) {
  const narrow = useMediaQuery("(max-width: 760px)", false, { getInitialValueInEffect: false });
  const look = usePreferences();
  const strip = useRef<HTMLDivElement>(null);
  const count = assignment.responses.length;
  const pair = isPair(assignment);

  useEffect(() => {
    const card = strip.current?.children[focus];
    if (!(card instanceof HTMLElement) || !strip.current) return;
    const first = strip.current.children[0];
    const left = card.offsetLeft - (first instanceof HTMLElement ? first.offsetLeft : 0);
    if (narrow) strip.current.scrollTo({ left, behavior: "instant" });
    else if (!pair) card.scrollIntoView({ block: "nearest" });
  }, [focus, narrow, pair]);

  const onScroll = () => {
    const element = strip.current;
    if (!narrow || !element) return;
    const [first, second] = element.children;
    if (!(first instanceof HTMLElement) || !(second instanceof HTMLElement)) return;
    const stride = second.offsetLeft - first.offsetLeft;
    const index = Math.round(element.scrollLeft / stride);
    // Only once a swipe has come to rest on a card.
    if (index !== focus && Math.abs(element.scrollLeft - index * stride) < 4) onFocus(index);
  };

  const marking = marks(assignment);
  const passagesOf = (key: string, messages: readonly unknown[]) =>
    marking ? messages.map((_, turn) => ({ id: passageId(key, turn), marks: marksOf(assignment, draft, key, turn) })) : null;
  const against = (index: number) => {
    const other = pair ? 1 - index : focus;
    return comparing && other !== index ? (assignment.responses[other]?.messages.map(({ content }) => content) ?? null) : null;
  };

  return (
    <div className={classes.responses}>
      {narrow ? (
        <div className={classes.tabs} role="tablist" aria-label={t`Responses`}>
          {assignment.responses.map((response, index) => (
            <button
              key={response.key}
              type="button"
              role="tab"
              id={`tab-${index}`}
              aria-selected={index === focus}
              aria-controls={`response-${index}`}
              className={classes.tab}
              onClick={() => onFocus(index)}
            >
              <span>{letter(index)}</span>
              <small>{outcomeOf(assignment, draft, index)?.short ?? ""}</small>
            </button>
          ))}
        </div>
      ) : null}
      <div
        ref={strip}
        className={narrow ? classes.strip : classes.grid}
        data-columns={pair || count === 4 ? 2 : 3}
        {...(narrow ? { role: "group", "aria-label": t`Responses`, tabIndex: 0 } : {})}
        onScroll={onScroll}
      >
        {assignment.responses.map((response, index) => (
          <ResponseCard
            key={response.key}
            index={index}
            messages={response.messages}
            look={look}
            passages={passagesOf(response.key, response.messages)}
            against={against(index)}
            apart={look.panes === "apart" && !narrow}
            outcome={outcomeOf(assignment, draft, index)}
            focused={!pair && index === focus}
            onFocus={() => onFocus(index)}
          >
            {under(index)}
          </ResponseCard>
        ))}
      </div>
    </div>
  );
}
