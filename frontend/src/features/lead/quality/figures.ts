import { t } from "@lingui/core/macro";

import type { AgreementFigure, AnnotatorFigures, Estimate } from "@/api/types";
import { SHARES, type Scale } from "@/components/Whiskers";
import type { EstimateLike } from "@/lib/csv";
import { percent } from "@/lib/format";
import type { Sampled } from "@/lib/shapes";

export const two = (value: number) => value.toFixed(2).replace("-", "−");
export const seconds = (value: number) => {
  const figure = value > 0 && value < 10 ? value.toFixed(1) : Math.round(value);
  return t`${figure} s`;
};
const perSecond = (value: number) => value.toFixed(1);

export type MeasureName = (typeof MEASURES)[number]["name"];

interface Measure {
  name: string;
  label: string;
  /** What the number is, in one sentence. */
  says: string;
  of: (row: AnnotatorFigures) => EstimateLike & { method?: string };
  write: (value: number) => string;
  /** Null: the line ends where the figures do. */
  scale: Scale | null;
}

const share = (value: number) => percent(value);
const OF_ALL: Scale = { low: 0, high: 1, marks: [0, 0.5, 1], shares: true, write: SHARES.write };

export const MEASURES = [
  {
    name: "gold_accuracy",
    get label() { return t`Gold accuracy`; },
    get says() { return t`How often the answer to a gold task agreed with the known one.`; },
    of: (row) => row.gold_accuracy,
    write: share,
    scale: OF_ALL,
  },
  {
    name: "self_consistency",
    get label() { return t`Self-consistency`; },
    get says() { return t`How often a hidden repeat of a task got the same answer.`; },
    of: (row) => row.self_consistency,
    write: share,
    scale: OF_ALL,
  },
  {
    name: "left_share",
    get label() { return t`First shown won`; },
    get says() { return t`How often the response that was shown first won. Without a habit it is one half.`; },
    of: (row) => row.left_share,
    write: share,
    scale: SHARES,
  },
  {
    name: "longer_share",
    get label() { return t`Longer won`; },
    get says() { return t`How often the longer response won. Compare it with everybody else's, since longer may be better.`; },
    of: (row) => row.longer_share,
    write: share,
    scale: SHARES,
  },
  {
    name: "median_seconds",
    get label() { return t`Median time`; },
    get says() { return t`Active seconds for one judgment.`; },
    of: (row) => row.median_seconds,
    write: seconds,
    scale: null,
  },
  {
    name: "words_per_second",
    get label() { return t`Words per second`; },
    get says() { return t`Words shown for each active second, the median. Few people read more than five.`; },
    of: (row) => row.words_per_second,
    write: perSecond,
    scale: null,
  },
  {
    name: "too_fast_share",
    get label() { return t`Too fast`; },
    get says() { return t`How often an answer came faster than ten words a second.`; },
    of: (row) => row.too_fast_share,
    write: share,
    scale: OF_ALL,
  },
  {
    name: "reliability",
    get label() { return t`Reliability`; },
    get says() { return t`How often this person is right when all answers are weighed against each other (Dawid and Skene).`; },
    of: (row) => reliabilityOf(row),
    write: share,
    scale: OF_ALL,
  },
] as const satisfies readonly Measure[];

const NONE = { value: null, low: null, high: null, n: 0 };

/** The estimate that snapshots weigh by. */
function reliabilityOf(row: AnnotatorFigures): EstimateLike & { method?: string } {
  const found = row.reliability.find((one) => one.method === "dawid_skene") ?? row.reliability[0];
  return found ? { value: found.value, low: found.low ?? null, high: found.high ?? null, n: found.n, method: found.interval } : NONE;
}

export function sample(of: Estimate | (EstimateLike & { method?: string })): Sampled | null {
  const { value, low, high, n } = of;
  return value === null || low === null || high === null ? null : { value, low, high, n, method: of.method ?? "" };
}

/** The line for figures that have no end of their own: from zero to a round number beyond them. */
export function scaleFor(samples: readonly Sampled[], write: (value: number) => string): Scale {
  const high = roundUp(Math.max(0, ...samples.map((one) => one.high)));
  return { low: 0, high, marks: [0, high / 2, high], write };
}

export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((step) => step * unit >= value) ?? 10) * unit;
}

const STATISTICS: Record<AgreementFigure["statistic"], string> = {
  get krippendorff_alpha() { return t`Krippendorff's α`; },
  get fleiss_kappa() { return t`Fleiss' κ`; },
  get gwet_ac1() { return t`Gwet's AC1`; },
  get mean_cohen_kappa() { return t`Mean Cohen's κ of pairs`; },
};

export function statisticName({ statistic, level }: AgreementFigure): string {
  return statistic === "krippendorff_alpha" ? `${STATISTICS[statistic]}, ${LEVELS[level]}` : STATISTICS[statistic];
}

const LEVELS: Record<AgreementFigure["level"], string> = {
  get nominal() { return t`nominal`; },
  get ordinal() { return t`ordinal`; },
  get interval() { return t`interval`; },
};

const criterionName = (label: string): string => t`Criterion “${label}”`;

export function unitName(unit: string): string {
  if (unit === "outcome") return t`Who won each pair`;
  if (unit === "strength") return t`By how much, −3 to 3`;
  if (unit === "verdict") return t`Ranked, all good, or all bad`;
  return unit.startsWith("criterion:") ? criterionName(unit.slice("criterion:".length)) : unit;
}

/** Agreement goes from below chance to 1; chance, which is 0, is always marked. */
export function agreementScale(samples: readonly Sampled[]): Scale {
  const lowest = Math.min(0, ...samples.map((one) => one.low));
  const low = lowest < -0.5 ? -1 : lowest < 0 ? -0.5 : 0;
  const marks = [-1, -0.5, 0, 0.5, 1].filter((mark) => mark >= low);
  return { low, high: 1, marks, middle: 0, write: two };
}

/** Cohen's kappa by pair of annotators, either way round. */
export function pairKey(a: number, b: number): string {
  return a < b ? `${a}-${b}` : `${b}-${a}`;
}
