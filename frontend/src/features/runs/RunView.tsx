import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";

import type { Project, Run } from "@/api/types";
import { Page } from "@/components/Page";
import { StateMark } from "@/components/StateMark";
import { Note } from "@/components/States";
import { apart } from "@/lib/language";
import { KIND_NAMES } from "@/lib/runKinds";

import { RunActions } from "./RunActions";
import { RunCurves } from "./RunCurves";
import { RunHeader } from "./RunHeader";
import { RunLog } from "./RunLog";
import { RunSamples } from "./RunSamples";
import { asYaml } from "./yaml";
import classes from "./RunView.module.css";

interface Props {
  project: Project;
  run: Run;
  everyMs: number;
}

const TABS = ["curves", "samples", "log", "spec", "environment"] as const;

export function RunView({ project, run, everyMs }: Props) {
  const { tab } = useSearch({ from: "/signedIn/p/$slug/runs/$runId" });
  const navigate = useNavigate({ from: "/p/$slug/runs/$runId" });
  const generates = run.kind === "sample" || run.kind === "evaluate";
  const shown = tab ?? (generates && run.state === "succeeded" ? "samples" : "curves");
  return (
    <Page
      title={
        <>
          <Trans>Run {run.id}</Trans> <span className={classes.kind}>{KIND_NAMES[run.kind]}</span>
        </>
      }
      tab={t`Run ${run.id}`}
      lead={<StateMark state={run.state} word={run.cancel_requested && run.state === "running" ? t`Stopping` : undefined} />}
      actions={<RunActions project={project} run={run} />}
    >
      <div className={classes.stack}>
        {run.error ? <Note care>{apart(run.error)}</Note> : null}
        <RunHeader project={project} run={run} />
        <Tabs
          value={shown}
          onChange={(value) =>
            void navigate({ search: { tab: TABS.find((one) => one === value) }, replace: true })
          }
          keepMounted={false}
        >
          <Tabs.List mb="md">
            <Tabs.Tab value="curves"><Trans>Curves</Trans></Tabs.Tab>
            {generates ? <Tabs.Tab value="samples"><Trans>Samples</Trans></Tabs.Tab> : null}
            <Tabs.Tab value="log"><Trans>Log</Trans></Tabs.Tab>
            <Tabs.Tab value="spec"><Trans>Spec</Trans></Tabs.Tab>
            <Tabs.Tab value="environment"><Trans>Environment</Trans></Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="curves">
            <RunCurves run={run} everyMs={everyMs} />
          </Tabs.Panel>
          <Tabs.Panel value="samples">
            <RunSamples run={run} />
          </Tabs.Panel>
          <Tabs.Panel value="log">
            <RunLog run={run} everyMs={everyMs} />
          </Tabs.Panel>
          <Tabs.Panel value="spec">
            <pre className={classes.code} tabIndex={0}>
              {asYaml(run.spec)}
            </pre>
          </Tabs.Panel>
          <Tabs.Panel value="environment">
            <pre className={classes.code} tabIndex={0}>
              {Object.keys(run.environment).length ? asYaml(run.environment) : t`The worker has not reported it yet.`}
            </pre>
          </Tabs.Panel>
        </Tabs>
      </div>
    </Page>
  );
}
