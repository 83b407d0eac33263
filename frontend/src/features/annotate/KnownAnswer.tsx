import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";

import type { Message } from "@/api/types";
import { Key } from "@/components/Key";
import { Prose } from "@/components/Prose";
import { usePreferences } from "@/lib/preferences";
import { useCommands } from "@/lib/useCommands";

import { keysOf, letter, toSaid } from "./judgment";
import classes from "./KnownAnswer.module.css";
import { PromptPane } from "./PromptPane";
import type { Known } from "./useRanking";

interface Props {
  known: Known;
  onGoOn: () => void;
}

/** The task just judged had a known answer: what it is, before the next one. */
export function KnownAnswer({ known: { past, feedback }, onGoOn }: Props) {
  const look = usePreferences();
  useCommands([{ id: "go_on", label: t`Go on`, group: t`Work`, keys: ["Enter"], enabled: true, perform: onGoOn }]);
  const keys = past ? keysOf(past.assignment) : [];
  const name = (key: string) => letter(keys.indexOf(key));
  const inWords = (tiers: readonly (readonly string[])[]) =>
    tiers.map((tier) => tier.map(name).join(t` and `)).join(t`, then `);
  const said = past ? (toSaid(past.draft, past.assignment)?.tiers ?? []) : [];
  const shown = past && feedback.tiers.flat().every((key) => keys.includes(key)) ? past.assignment : null;
  return (
    <section className={classes.pane} aria-label={t`The known answer`}>
      <h2 className={classes.title} role="status">
        {feedback.right ? t`That is the known answer.` : t`The known answer is another one.`}
      </h2>
      {shown && feedback.tiers.length ? (
        <p className={classes.order}>
          <Trans>Known: {inWords(feedback.tiers)}.</Trans>
          {feedback.right || !said.length ? "" : ` ${t`You said: ${inWords(said)}.`}`}
        </p>
      ) : null}
      {feedback.explanation ? (
        <div className={classes.explanation}>
          <Prose text={feedback.explanation} look={{ markdown: true, face: "sans", text_size: 0 }} />
        </div>
      ) : null}
      <div>
        <Button onClick={onGoOn} rightSection={<Key name="Enter" />}>
          <Trans>Go on</Trans>
        </Button>
      </div>
      {shown ? (
        <>
          <PromptPane messages={shown.prompt.messages} whole systemPrompt={shown.protocol.system_prompt} />
          <ol className={classes.list}>
            {feedback.tiers.map((tier, place) =>
              tier.map((key) => (
                <li key={key} className={classes.response}>
                  <h3 className={classes.name}>
                    {name(key)}
                    <span>{feedback.tiers.length > 1 ? t`place ${place + 1}` : t`tie`}</span>
                  </h3>
                  <Prose text={textOf(shown.responses[keys.indexOf(key)]?.messages ?? [])} look={look} />
                </li>
              )),
            )}
          </ol>
        </>
      ) : null}
    </section>
  );
}

const textOf = (messages: readonly Message[]): string => messages.map((message) => message.content).join("\n\n");
