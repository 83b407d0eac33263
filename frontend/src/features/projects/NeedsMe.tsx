import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQueries } from "@tanstack/react-query";

import { roundsQuery } from "@/api/rounds";
import type { Project, Round } from "@/api/types";
import { LinkButton } from "@/components/LinkButton";
import { StateMark } from "@/components/StateMark";
import { count } from "@/lib/format";
import { apart } from "@/lib/language";
import { may } from "@/lib/permissions";

import classes from "./HomePage.module.css";

const MAX_PROJECTS = 12;

/** Queues with work for me, and rounds that run or wait. */
export function NeedsMe({ projects }: { projects: readonly Project[] }) {
  const queues = projects.filter((project) => may(project, "task.annotate") && project.counts.slots_open > 0);
  const watched = projects.filter((project) => may(project, "round.view")).slice(0, MAX_PROJECTS);
  const rounds = useQueries({ queries: watched.map((project) => roundsQuery(project.slug)) });
  const running = watched.flatMap((project, index) => {
    const round = rounds[index]?.data?.results.find((one) => one.state === "running" || one.state === "failed");
    // A failure counts only while nothing newer was tried.
    return round && round.id === rounds[index]?.data?.results[0]?.id ? [{ project, round }] : [];
  });
  if (queues.length === 0 && running.length === 0) return null;
  return (
    <ul className={classes.list} aria-label={t`What needs you`}>
      {queues.map((project) => (
        <li key={project.slug} className={classes.need}>
          <div className={classes.needText}>
            <div className={classes.needTitle}>{project.name}</div>
            <div className={classes.needNote}>{plural(project.counts.slots_open, { one: "# judgment wanted", other: "# judgments wanted" })}</div>
          </div>
          <LinkButton to="/p/$slug/annotate" params={{ slug: project.slug }} aria-label={t`Start ranking in ${project.name}`}>
            <Trans>Start ranking</Trans>
          </LinkButton>
        </li>
      ))}
      {running.map(({ project, round }) => (
        <li key={`round-${round.id}`} className={classes.need}>
          <div className={classes.needText}>
            <div className={classes.needTitle}>
              <Trans>Round {round.number} of {project.name}</Trans>
            </div>
            <div className={classes.needNote}>{round.error ? apart(round.error) : doing(round)}</div>
          </div>
          <StateMark state={round.state} />
          <LinkButton
            to="/p/$slug/rounds/$number"
            params={{ slug: project.slug, number: String(round.number) }}
            variant="default"
          >
            <Trans>Open round {round.number}</Trans>
          </LinkButton>
        </li>
      ))}
    </ul>
  );
}

const waitsFor = (done: number, wanted: number): string => t`Waits for judgments: ${count(done)} of ${count(wanted)}.`;
const waitsForBlind = (done: number, wanted: number): string => t`Waits for blind judgments: ${count(done)} of ${count(wanted)}.`;

function doing(round: Round): string {
  const step = round.steps.find((one) => one.state === "running") ?? round.steps.find((one) => one.state === "waiting");
  switch (step?.name) {
    case "sample":
      return t`The policy answers prompts.`;
    case "label":
      return waitsFor(step.summary.judgments ?? 0, step.summary.wanted ?? 0);
    case "snapshot":
      return t`The labels are being frozen.`;
    case "reward":
      return t`The reward model trains.`;
    case "policy":
      return t`The policy trains.`;
    case "evaluate":
      return step.summary.human
        ? waitsForBlind(step.summary.human.done, step.summary.human.wanted)
        : t`The new policy is compared.`;
    default:
      return "";
  }
}
