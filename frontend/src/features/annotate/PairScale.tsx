import { t } from "@lingui/core/macro";

import type { Assignment } from "@/api/types";
import { Key } from "@/components/Key";
import type { Command } from "@/lib/commands";

import { scaleOf, type PairChoice, type Preference } from "./judgment";
import classes from "./PairScale.module.css";

interface Props {
  assignment: Assignment;
  choice: PairChoice | null;
  commands: readonly Command[];
}

const SHORT: Record<number, string> = {
  get "0"() { return t({ message: "tie", context: "scale" }); },
  get "1"() { return t({ message: "slightly", context: "scale" }); },
  get "2"() { return t({ message: "better", context: "scale" }); },
  get "3"() { return t({ message: "much", context: "scale" }); },
};

/** The one row that matters: from “A is much better” to “B is much better”. */
export function PairScale({ assignment, choice, commands }: Props) {
  const { protocol } = assignment;
  const scale = scaleOf(protocol);
  return (
    <div className={classes.scale} role="radiogroup" aria-label={t`Which response is better?`} data-steps={scale.length}>
      <span className={classes.end} aria-hidden>
        A
      </span>
      {scale.map(({ value }, index) => {
        const command = commands.find(({ id }) => id === `choose:${value}`);
        const tabbable = choice === value || (typeof choice !== "number" && index === 0);
        return command ? (
          <button
            key={value}
            type="button"
            role="radio"
            aria-checked={choice === value}
            aria-label={command.label}
            aria-keyshortcuts={command.keys[0]}
            tabIndex={tabbable ? 0 : -1}
            className={classes.step}
            data-side={value === 0 ? "tie" : value < 0 ? "a" : "b"}
            onMouseDown={(event) => event.preventDefault()}
            onClick={command.perform}
          >
            <Strokes value={value} />
            <span className={classes.word}>{SHORT[protocol.strength || value === 0 ? Math.abs(value) : 2]}</span>
            {command.keys[0] ? <Key name={command.keys[0]} /> : <span />}
          </button>
        ) : null;
      })}
      <span className={classes.end} aria-hidden>
        B
      </span>
    </div>
  );
}

/** One, two or three strokes towards the side that is preferred. */
function Strokes({ value }: { value: Preference }) {
  if (value === 0) {
    return (
      <svg width="30" height="14" viewBox="0 0 30 14" aria-hidden>
        <path d="M10 5h10M10 9h10" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
    );
  }
  const size = Math.abs(value);
  return (
    <svg width="30" height="14" viewBox="0 0 30 14" aria-hidden>
      <g transform={value > 0 ? "translate(30 0) scale(-1 1)" : undefined}>
        {Array.from({ length: size }, (_, index) => (
          <path
            key={index}
            d="M5 0 0 5l5 5"
            transform={`translate(${13 - (size - 1) * 3.5 + index * 7} 2)`}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.8"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        ))}
      </g>
    </svg>
  );
}
