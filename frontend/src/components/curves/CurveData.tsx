import { plural, t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { useDisclosure } from "@mantine/hooks";

import { metric } from "@/lib/format";
import { saveFile } from "@/lib/saveFile";

import type { Point } from "./Curve";
import classes from "./Curve.module.css";

const MAX_ROWS = 400;

/** The numbers under a curve: for screen readers, for copying, and as a file. */
export function CurveData({ name, points }: { name: string; points: readonly Point[] }) {
  const [open, { toggle }] = useDisclosure(false);
  const every = Math.max(1, Math.ceil(points.length / MAX_ROWS));
  const rows = open ? points.filter((_, index) => index % every === 0) : [];
  const download = () => {
    const lines = [`step,${name}`, ...points.map((point) => `${point.step},${point.value}`)];
    saveFile(`${name.replaceAll("/", "-")}.csv`, `${lines.join("\n")}\n`, "text/csv");
  };
  return (
    <>
      <div className={classes.foot}>
        <button type="button" className={classes.csv} aria-expanded={open} onClick={toggle}>
          {open ? t`Hide the numbers` : plural(points.length, { one: "# point", other: "# points" })}
        </button>
        <button type="button" className={classes.csv} onClick={download} title={t`Download ${name} as CSV`}>
          CSV
        </button>
      </div>
      {open ? (
        <div className={classes.data} tabIndex={0} role="region" aria-label={t`${name} by step`}>
          <table>
            <thead>
              <tr>
                <th scope="col"><Trans>step</Trans></th>
                <th scope="col">{name}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((point) => (
                <tr key={point.step}>
                  <td>{point.step}</td>
                  <td>{metric(point.value)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </>
  );
}
