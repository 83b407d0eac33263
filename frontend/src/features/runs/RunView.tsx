import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";

import type { Project, Run } from "@/api/types";
import { Page } from "@/components/Page";
import { StateMark } from "@/components/StateMark";
import { Note } from "@/components/States";
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
          Run {run.id} <span className={classes.kind}>{KIND_NAMES[run.kind]}</span>
        </>
      }
      tab={`Run ${run.id}`}
      lead={<StateMark state={run.state} word={run.cancel_requested && run.state === "running" ? "Stopping" : undefined} />}
      actions={<RunActions project={project} run={run} />}
    >
      <div className={classes.stack}>
        {run.error ? <Note care>{run.error}</Note> : null}
        <RunHeader project={project} run={run} />
        <Tabs
          value={shown}
          onChange={(value) =>
            void navigate({ search: { tab: TABS.find((one) => one === value) }, replace: true })
          }
          keepMounted={false}
        >
          <Tabs.List mb="md">
            <Tabs.Tab value="curves">Curves</Tabs.Tab>
            {generates ? <Tabs.Tab value="samples">Samples</Tabs.Tab> : null}
            <Tabs.Tab value="log">Log</Tabs.Tab>
            <Tabs.Tab value="spec">Spec</Tabs.Tab>
            <Tabs.Tab value="environment">Environment</Tabs.Tab>
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
              {Object.keys(run.environment).length ? asYaml(run.environment) : "The worker has not reported it yet."}
            </pre>
          </Tabs.Panel>
        </Tabs>
      </div>
    </Page>
  );
}
