import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";

import { Prose } from "@/components/Prose";
import { messages, number } from "@/lib/shapes";
import { speaker } from "@/lib/names";

import classes from "./Rows.module.css";

const LOOK = { markdown: false, face: "sans", text_size: 0 } as const;
const SHORT = ["strength", "annotator", "reliability", "judgment", "prompt_id", "licence"] as const;

/** One row: its prompt, and beside it what was chosen, rejected, ranked or demonstrated. */
export function Row({ row, number: at }: { row: Record<string, unknown>; number: number }) {
  const chosen = messages(row.chosen);
  const rejected = messages(row.rejected);
  const completion = messages(row.completion);
  const ranked: unknown[] = Array.isArray(row.responses) ? row.responses : [];
  const tiers: unknown[] = Array.isArray(row.tiers) ? row.tiers : [];
  const facts = SHORT.filter((name) => row[name] !== undefined && row[name] !== null && row[name] !== "");
  return (
    <article className={classes.row} aria-label={t`Row ${at}`}>
      <div className={classes.facts}>
        <span>{at}</span>
        {row.tie === true ? <b><Trans>tie</Trans></b> : null}
        {typeof row.label === "boolean" ? <b>{row.label ? t`good` : t`bad`}</b> : null}
        {facts.map((name) => (
          <span key={name}>
            {FACTS[name]} {number(row[name]) ?? String(row[name])}
          </span>
        ))}
      </div>
      <Texts title={t`Prompt`} list={messages(row.prompt)} />
      {chosen.length || rejected.length ? (
        <div className={classes.pair}>
          <Texts title={row.tie === true ? t`One side` : t`Chosen`} list={chosen} strong={row.tie !== true} />
          <Texts title={row.tie === true ? t`Other side` : t`Rejected`} list={rejected} />
        </div>
      ) : null}
      {completion.length ? <Texts title={t`Completion`} list={completion} strong /> : null}
      {ranked.map((response, index) => (
        <Texts
          key={index}
          title={rankTitle((number(tiers[index]) ?? index) + 1)}
          list={messages(response)}
          strong={tiers[index] === 0}
        />
      ))}
    </article>
  );
}

const rankTitle = (rank: number): string => t`Rank ${rank}`;

const FACTS: Record<(typeof SHORT)[number], string> = {
  get strength() { return t`strength`; },
  get annotator() { return t`annotator`; },
  get reliability() { return t`reliability`; },
  get judgment() { return t`judgment`; },
  get prompt_id() { return t`prompt`; },
  get licence() { return t`licence`; },
};

interface TextsProps {
  title: string;
  list: readonly { role: string; content: string }[];
  strong?: boolean;
}

function Texts({ title, list, strong = false }: TextsProps) {
  return (
    <div className={classes.texts} data-strong={strong}>
      <h2>{title}</h2>
      {list.map((message, index) => (
        <div key={index}>
          {list.length > 1 ? <small>{speaker(message.role)}</small> : null}
          <Prose text={message.content} look={LOOK} />
        </div>
      ))}
    </div>
  );
}
