import { t } from "@lingui/core/macro";

import type { Message } from "@/api/types";
import { speaker } from "@/lib/names";

import { Prose, type ProseLook } from "./Prose";
import classes from "./Texts.module.css";

const LOOK: ProseLook = { markdown: true, face: "sans", text_size: 0 };

interface TextsProps {
  prompt: readonly Message[];
  responses: readonly { name: string; messages: readonly Message[]; note?: string }[];
}

/** A prompt and its responses side by side, to be read over somebody's shoulder. */
export function Texts({ prompt, responses }: TextsProps) {
  return (
    <div className={classes.texts}>
      <div className={classes.prompt} role="group" aria-label={t`Prompt`}>
        <Turns messages={prompt} />
      </div>
      <div className={classes.responses}>
        {responses.map(({ name, messages, note }) => (
          <article key={name} className={classes.response} aria-label={t`Response ${name}`}>
            <header className={classes.head}>
              <b>{name}</b>
              {note ? <span>{note}</span> : null}
            </header>
            <Turns messages={messages} />
          </article>
        ))}
      </div>
    </div>
  );
}

function Turns({ messages }: { messages: readonly Message[] }) {
  return messages.map((message, turn) => (
    <div key={turn} className={classes.turn}>
      {messages.length > 1 ? <span className={classes.role}>{speaker(message.role)}</span> : null}
      <Prose text={message.content} look={LOOK} />
    </div>
  ));
}
