import { t } from "@lingui/core/macro";
import { Plural, Trans } from "@lingui/react/macro";
import { useState } from "react";

import type { Message, Protocol } from "@/api/types";
import { Key } from "@/components/Key";
import { Prose } from "@/components/Prose";
import { usePreferences } from "@/lib/preferences";

import classes from "./PromptPane.module.css";

// About six lines of a wide page, and two of a narrow one; longer prompts fold.
const LONG = 560;
const LONG_WHEN_NARROW = 76;

interface Props {
  messages: readonly Message[];
  whole: boolean;
  /** Left out where the prompt is always whole. */
  onToggle?: (() => void) | undefined;
  /** The key that does it. */
  toggleKey?: string | undefined;
  /** How the system prompt is at first. */
  systemPrompt: Protocol["system_prompt"];
}

/** What was asked. The last turn is shown; the system prompt and earlier turns unfold. */
export function PromptPane({ messages, whole, onToggle, toggleKey, systemPrompt }: Props) {
  const look = usePreferences();
  const [system, setSystem] = useState(systemPrompt === "shown");
  const [earlierShown, setEarlier] = useState(false);
  const instructions = messages.filter((message) => message.role === "system");
  const turns = messages.filter((message) => message.role !== "system");
  const last = turns.at(-1);
  const earlier = turns.slice(0, -1);
  const length = last?.content.length ?? 0;
  const lines = last?.content.split("\n").length ?? 0;
  const long = length > LONG || lines > 6 ? "always" : length > LONG_WHEN_NARROW || lines > 2 ? "narrow" : "never";
  return (
    <section className={classes.prompt} aria-label={t`Prompt`}>
      <div className={classes.bar}>
        <h2 className={classes.label}><Trans>Prompt</Trans></h2>
        {earlier.length > 0 ? (
          <button type="button" className={classes.fold} aria-expanded={earlierShown} onClick={() => setEarlier(!earlierShown)}>
            {earlierShown ? (
              <Plural value={earlier.length} one="Hide # earlier message" other="Hide # earlier messages" />
            ) : (
              <Plural value={earlier.length} one="Show # earlier message" other="Show # earlier messages" />
            )}
          </button>
        ) : null}
        {instructions.length > 0 ? (
          <button type="button" className={classes.fold} aria-expanded={system} onClick={() => setSystem(!system)}>
            {system ? t`Hide the system prompt` : t`System prompt`}
          </button>
        ) : null}
      </div>
      {system
        ? instructions.map((message, index) => (
            <Turn key={index} role={t`System`} quiet>
              <Prose text={message.content} look={look} />
            </Turn>
          ))
        : null}
      {earlierShown
        ? earlier.map((message, index) => (
            <Turn key={index} role={message.role === "assistant" ? t`Assistant` : t`User`} quiet>
              <Prose text={message.content} look={look} />
            </Turn>
          ))
        : null}
      {last ? (
        <div className={classes.last} data-folded={!whole} data-long={long}>
          <Prose text={last.content} look={look} />
        </div>
      ) : null}
      {onToggle ? (
        <button type="button" className={classes.more} data-long={long} aria-expanded={whole} onClick={onToggle}>
          {whole ? t`Fold the prompt` : t`Show the whole prompt`} {toggleKey ? <Key name={toggleKey} /> : null}
        </button>
      ) : null}
    </section>
  );
}

function Turn({ role, quiet, children }: { role: string; quiet: boolean; children: React.ReactNode }) {
  return (
    <div className={classes.turn} data-quiet={quiet}>
      <span className={classes.role}>{role}</span>
      {children}
    </div>
  );
}
