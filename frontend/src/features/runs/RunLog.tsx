import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { isActive, logsQuery } from "@/api/runs";
import type { Run } from "@/api/types";
import { Empty, Failure } from "@/components/States";
import { TableSkeleton } from "@/components/Table";
import { saveFile } from "@/lib/saveFile";

import classes from "./RunView.module.css";

const SHOWN = 2_000;

export function RunLog({ run, everyMs }: { run: Run; everyMs: number }) {
  const active = isActive(run.state);
  const logs = useQuery({ ...logsQuery(run.id), refetchInterval: active ? everyMs : false });
  const box = useRef<HTMLPreElement>(null);
  const [follow, setFollow] = useState(true);
  const lines = logs.data?.lines ?? [];
  const count = lines.length;
  useEffect(() => {
    if (follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count, follow]);

  if (logs.isPending) return <TableSkeleton columns={1} rows={8} />;
  if (logs.isError && !logs.data) {
    return <Failure what={t`The log could not be read.`} error={logs.error} retry={() => void logs.refetch()} />;
  }
  if (count === 0) {
    return (
      <Empty title={t`The log is empty.`}>
        {active ? t`Lines appear here as the worker writes them.` : t`The worker wrote nothing before it ended.`}
      </Empty>
    );
  }
  const download = () =>
    saveFile(`run-${run.id}.log`, lines.map(({ at, line }) => `${at} ${line}`).join("\n"), "text/plain");
  return (
    <>
      <pre
        ref={box}
        className={classes.code}
        tabIndex={0}
        role="log"
        aria-label={t`Log`}
        onScroll={(event) => {
          const element = event.currentTarget;
          setFollow(element.scrollHeight - element.scrollTop - element.clientHeight < 24);
        }}
      >
        {lines.slice(-SHOWN).map((one, index, all) => (
          <div key={one.id}>
            {index > 0 && all[index - 1]?.attempt !== one.attempt ? (
              <div className={classes.attempt}><Trans>— attempt {one.attempt} —</Trans></div>
            ) : null}
            {one.line}
          </div>
        ))}
      </pre>
      <Group justify="flex-end" mt="xs">
        <Button variant="default" size="xs" onClick={download}>
          <Trans>Download the log</Trans>
        </Button>
      </Group>
    </>
  );
}
