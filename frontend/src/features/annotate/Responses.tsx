import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef, type ReactNode } from "react";

import type { Assignment } from "@/api/types";
import { usePreferences } from "@/lib/preferences";

import { isPair, letter, type Draft } from "./judgment";
import { outcomeOf } from "./outcome";
import { ResponseCard } from "./ResponseCard";
import classes from "./Responses.module.css";

interface Props {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  onFocus: (index: number) => void;
  /** What goes under one response. */
  under: (index: number) => ReactNode;
}

/** The responses: side by side where there is room, else one at a time under tabs. */
export function Responses({ assignment, draft, focus, onFocus, under }: Props) {
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

  return (
    <div className={classes.responses}>
      {narrow ? (
        <div className={classes.tabs} role="tablist" aria-label="Responses">
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
        onScroll={onScroll}
      >
        {assignment.responses.map((response, index) => (
          <ResponseCard
            key={response.key}
            index={index}
            messages={response.messages}
            look={look}
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
