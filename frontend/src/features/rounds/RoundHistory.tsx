import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useElementSize } from "@mantine/hooks";

import type { Round } from "@/api/types";
import { interval, percent } from "@/lib/format";
import { JUDGES, resultsOf, type Result } from "@/lib/loop";

import classes from "./RoundHistory.module.css";

interface Props {
  rounds: readonly Round[];
  current?: number;
}

interface Mark extends Result {
  number: number;
}

const HEIGHT = 124;
const TOP = 10;
const BOTTOM = 24;
const LEFT = 44;

/** Win rates against the base, round by round, with whiskers: people filled, reward model open. */
export function RoundHistory({ rounds, current }: Props) {
  const { ref, width } = useElementSize();
  const ordered = [...rounds].sort((a, b) => a.number - b.number);
  const marks: Mark[] = ordered.flatMap((round) =>
    resultsOf(round)
      .filter((result) => result.baseline === round.spec.base)
      .map((result) => ({ ...result, number: round.number })),
  );
  if (marks.length === 0) return <p className={classes.none}><Trans>No round has been evaluated yet.</Trans></p>;
  const y = (share: number) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const column = (index: number) => LEFT + ((index + 0.5) / ordered.length) * Math.max(0, width - LEFT);
  const x = (mark: Mark) =>
    column(ordered.findIndex((round) => round.number === mark.number)) + (mark.judge === "people" ? -6 : 6);
  return (
    <figure className={classes.history} ref={ref}>
      <svg width="100%" height={HEIGHT} direction="ltr" role="img" aria-label={describe(marks)}>
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line x1={LEFT} x2="100%" y1={y(share)} y2={y(share)} className={share === 0.5 ? classes.half : classes.rule} />
            <text x={LEFT - 8} y={y(share) + 4} textAnchor="end" className={classes.tick}>
              {percent(share, 0)}
            </text>
          </g>
        ))}
        {ordered.map((round, index) => (
          <text
            key={round.id}
            x={column(index)}
            y={HEIGHT - 6}
            textAnchor="middle"
            className={round.number === current ? classes.here : classes.tick}
          >
            {round.number}
          </text>
        ))}
        {marks.map((mark) => (
          <g key={`${mark.number}:${mark.judge}`} transform={`translate(${x(mark)} 0)`}>
            <title>{inWords(mark)}</title>
            <line y1={y(mark.sample.low)} y2={y(mark.sample.high)} className={classes.whisker} />
            <circle cy={y(mark.sample.value)} r={4.5} className={mark.judge === "people" ? classes.people : classes.model} />
          </g>
        ))}
      </svg>
      <figcaption className={classes.caption}>
        <Trans>Win rate against the base by round, 95% intervals. <b>●</b> people, <b>○</b> reward model.</Trans>
      </figcaption>
    </figure>
  );
}

const inWords = ({ number, judge, sample }: Mark): string => t`Round ${number}, ${JUDGES[judge]}: ${interval(sample)}`;

const describe = (marks: readonly Mark[]): string => marks.map(inWords).join(". ");
