import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Textarea } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { reviewJudgment } from "@/api/quality";
import type { Project, Reviewable } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Texts } from "@/components/Texts";
import { useAct } from "@/lib/useAct";
import { ARM_WORDS, ranking, rankingAloud } from "@/lib/words";

import classes from "./Adjudicate.module.css";
import { scores } from "./Opinions";
import { letterAt, rankOf, REVIEW_STATES, saidByPlace } from "./reviews";

interface Props {
  slug: string;
  protocol: Project["protocol"];
  row: Reviewable;
}

/** One judgment over what it was made on. */
export function ReviewCard({ slug, protocol, row }: Props) {
  const said = saidByPlace(row);
  const reasons = row.reasons.map((key) => protocol.reasons.choices.find((choice) => choice.key === key)?.label ?? String(key));
  const criteria = new Map(protocol.criteria.map((criterion) => [criterion.key, criterion.label]));
  return (
    <article className={classes.card} aria-label={t`Judgment ${row.id} by ${row.annotator_name}`}>
      <header className={classes.head}>
        <h2>{row.annotator_name}</h2>
        <Link to="/p/$slug/queue" params={{ slug }} search={{ task: row.task }}>
          <Trans>Task {row.task}</Trans>
        </Link>
        <span>{ARM_WORDS[row.arm]}</span>
        <Ago at={row.created_at} />
        {row.active_seconds === null ? null : <span className="tabular">{t`${row.active_seconds.toFixed(1)} s`}</span>}
        <span className={classes.spacer} />
        <span>{REVIEW_STATES.find((one) => one.value === row.state)?.label}</span>
      </header>
      <div className={classes.body}>
        <Texts
          prompt={row.prompt}
          responses={row.responses.map((messages, place) => {
            const rank = rankOf(row, place);
            return { name: letterAt(String(place)), messages, ...(rank === null ? {} : { note: t`place ${rank}` }) };
          })}
        />
        <p className={classes.said}>
          <span>
            <Trans>
              Said <b aria-hidden>{ranking(said, letterAt)}</b>
              <span className="visually-hidden">{rankingAloud(said, letterAt)}</span>
            </Trans>
          </span>
          {Object.keys(row.criteria).length ? <span>{scores(row, criteria, letterAt)}</span> : null}
          {reasons.length ? <span><Trans>because {reasons.join(", ")}</Trans></span> : null}
          {row.comment ? <span dir="auto">“{row.comment}”</span> : null}
        </p>
        {row.review_comment ? <p className={classes.said}><Trans>Reviewer: {row.review_comment}</Trans></p> : null}
        <Decision slug={slug} row={row} />
      </div>
    </article>
  );
}

function Decision({ slug, row }: { slug: string; row: Reviewable }) {
  const [comment, setComment] = useState("");
  const review = useAct(
    (decision: "accepted" | "returned") => reviewJudgment(slug, row.id, { decision, comment: comment.trim() }),
    {
      stale: [
        ["project", slug, "quality", "judgments"],
        ["project", slug, "counts"],
      ],
      failed: t`Not reviewed`,
      done: () => setComment(""),
    },
  );
  if (row.state === "returned") return null;
  return (
    <form
      className={classes.decide}
      onSubmit={(event) => {
        event.preventDefault();
        review.mutate("returned");
      }}
    >
      <Textarea
        aria-label={t`What ${row.annotator_name} should look at again`}
        placeholder={t`What should they look at again?`}
        autosize
        minRows={1}
        maxRows={6}
        maxLength={5000}
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
      <Button type="submit" variant="default" disabled={!comment.trim() || review.isPending}>
        <Trans>Return</Trans>
      </Button>
      <Button type="button" variant="light" disabled={row.state === "accepted"} loading={review.isPending} onClick={() => review.mutate("accepted")}>
        {row.state === "accepted" ? t`Accepted` : t`Accept`}
      </Button>
    </form>
  );
}
