import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";

import { messageOf } from "@/api/client";
import { cancelRound, retryRound } from "@/api/rounds";
import type { Project, Round } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Fold } from "@/components/Fold";
import { LoopSteps } from "@/components/LoopSteps";
import { Page } from "@/components/Page";
import { Panel } from "@/components/Panel";
import { StateMark } from "@/components/StateMark";
import { Note } from "@/components/States";
import { apart } from "@/lib/language";
import { stepOf } from "@/lib/loop";
import { may } from "@/lib/permissions";
import { useNow } from "@/lib/useNow";
import { STAGES_IN_TEXT } from "@/lib/names";

import { ChangeMethod } from "./ChangeMethod";
import { RoundHistory } from "./RoundHistory";
import { RoundSettings } from "./RoundSettings";
import { StepDetail } from "./StepDetail";
import { figureOf, interesting, mayChangeMethod, methodOf, timeOf } from "./steps";
import classes from "./RoundView.module.css";

interface Props {
  project: Project;
  round: Round;
  rounds: readonly Round[];
}

export function RoundView({ project, round, rounds }: Props) {
  const { step: chosen } = useSearch({ from: "/signedIn/p/$slug/rounds/$number" });
  const navigate = useNavigate({ from: "/p/$slug/rounds/$number" });
  const now = useNow(round.state === "running" ? 5_000 : 3_600_000);
  const open = chosen ?? interesting(round);
  const step = stepOf(round, open);
  const launches = may(project, "round.launch");
  return (
    <Page
      title={t`Round ${round.number}`}
      lead={
        <span className={classes.lead}>
          <StateMark state={round.state} />
          <span>{methodOf(round)}</span>
          <Link
            to="/p/$slug/models/$modelId"
            params={{ slug: project.slug, modelId: String(round.policy_in.id) }}
            className="mono"
          >
            {round.policy_in.ref}
          </Link>
          {round.policy_out ? (
            <>
              <span className={`pointing ${classes.arrow}`}>→</span>
              <Link
                to="/p/$slug/models/$modelId"
                params={{ slug: project.slug, modelId: String(round.policy_out.id) }}
                className="mono"
              >
                {round.policy_out.ref}
              </Link>
              {round.policy_out.stage === "promoted" ? <span>{STAGES_IN_TEXT.promoted}</span> : null}
            </>
          ) : null}
          <Ago at={round.created_at} />
        </span>
      }
      actions={launches ? <RoundActions slug={project.slug} round={round} /> : undefined}
    >
      <div className={classes.stack}>
        {round.error ? <Note care>{apart(round.error)}</Note> : null}
        {rounds.length > 1 ? (
          <Panel>
            <RoundHistory rounds={rounds} current={round.number} />
          </Panel>
        ) : null}
        <LoopSteps
          label={t`Steps of round ${round.number}`}
          steps={round.steps.map((one) => ({
            name: one.name,
            state: one.state,
            ...figureOf(round, one),
            time: timeOf(one, now),
          }))}
          selected={open}
          onSelect={(name) => void navigate({ search: { step: name }, replace: true })}
          closing={closing(round)}
        />
        {launches && mayChangeMethod(round) ? <ChangeMethod round={round} slug={project.slug} /> : null}
        {step ? <StepDetail project={project} round={round} step={step} /> : null}
        <Panel>
          <Fold title={t`What this round was asked to do`}>
            <RoundSettings round={round} />
          </Fold>
        </Panel>
      </div>
    </Page>
  );
}

const nextBegan = (tasks: number, policy: string): string =>
  plural(tasks, {
    one: `The next round began with # new tasks, answered by ${policy}.`,
    other: `The next round began with # new tasks, answered by ${policy}.`,
  });

function closing(round: Round): string | null {
  if (round.next_tasks !== null) {
    return nextBegan(round.next_tasks, (round.policy_out ?? round.policy_in).ref);
  }
  if (round.state !== "running") return null;
  return round.spec.continue_with_next === true
    ? t`When it is done, the next round begins by itself and waits for labels.`
    : t`When it is done, it ends here.`;
}

function RoundActions({ slug, round }: { slug: string; round: Round }) {
  const client = useQueryClient();
  const settle = {
    onSuccess: () => client.invalidateQueries({ queryKey: ["project", slug, "rounds"] }),
    onError: (error: unknown) => notifications.show({ color: "ochre", title: t`Not done`, message: messageOf(error) }),
  };
  const cancel = useMutation({ mutationFn: () => cancelRound(round.id), ...settle });
  const retry = useMutation({ mutationFn: () => retryRound(round.id), ...settle });
  return (
    <>
      {round.state === "running" ? (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
          <Trans>Cancel the round</Trans>
        </Button>
      ) : null}
      {round.state === "failed" ? (
        <Button loading={retry.isPending} onClick={() => retry.mutate()}>
          <Trans>Retry the failed step</Trans>
        </Button>
      ) : null}
    </>
  );
}
