import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";

import { roundsQuery } from "@/api/rounds";
import { LinkButton } from "@/components/LinkButton";
import { Panel } from "@/components/Panel";
import { Whiskers } from "@/components/Whiskers";
import { JUDGES, resultsOf } from "@/lib/loop";
import { seriesColour } from "@/lib/series";

/** How the last evaluated policy compares. */
export function LatestResults({ slug }: { slug: string }) {
  const rounds = useQuery(roundsQuery(slug));
  const round = rounds.data?.results.find((one) => resultsOf(one).length > 0);
  if (!round) return null;
  const candidate = round.policy_out;
  return (
    <Panel
      title={candidate ? t`Latest result: round ${round.number}, ${candidate.ref}` : t`Latest result: round ${round.number}`}
      actions={
        <LinkButton
          size="xs"
          variant="default"
          to="/p/$slug/rounds/$number"
          params={{ slug, number: String(round.number) }}
          search={{ step: "evaluate" }}
        >
          <Trans>Open round {round.number}</Trans>
        </LinkButton>
      }
    >
      <Whiskers
        title={t`Win rate, ties count half`}
        rows={resultsOf(round).map((result) => ({
          id: `${result.baseline}:${result.judge}`,
          name: t`against ${result.baseline}`,
          note: t`by ${JUDGES[result.judge]}`,
          sample: result.sample,
          colour: seriesColour(candidate?.id ?? 0),
          hollow: result.judge === "reward_model",
        }))}
      />
    </Panel>
  );
}
