import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Autocomplete, Button, Group, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

import { auditCsvAddress, auditQuery, type AuditFilter } from "@/api/audit";
import { everyMemberQuery } from "@/api/people";
import type { AuditEvent } from "@/api/types";
import { Ago } from "@/components/Ago";
import { FilterSelect } from "@/components/FilterSelect";
import { Listing } from "@/components/Listing";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { Quiet, Table, type Column } from "@/components/Table";

import classes from "./Audit.module.css";
import { ACTIONS, detailsOf, endOfDay, OBJECT_OPTIONS, objectOf, startOfDay } from "./auditWords";

/** Who did what here, and when. */
export function AuditPage() {
  const { slug } = useParams({ from: "/signedIn/p/$slug/audit" });
  const search = useSearch({ from: "/signedIn/p/$slug/audit" });
  const navigate = useNavigate({ from: "/p/$slug/audit" });
  const members = useQuery(everyMemberQuery(slug));
  const { actor, action, type, object, since, until } = search;
  const filter: AuditFilter = {
    ...(actor ? { actor } : {}),
    ...(action ? { action } : {}),
    ...(type ? { object_type: type } : {}),
    ...(object ? { object_id: object } : {}),
    ...(since ? { since: startOfDay(since) } : {}),
    ...(until ? { until: endOfDay(until) } : {}),
  };
  const events = useInfiniteQuery(auditQuery(slug, filter));
  const change = (next: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, ...next }), replace: true });
  const people = new Map((members.data ?? []).map(({ user, name }) => [String(user), name]));
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      title={t`Audit`}
      lead={t`Everything that was changed here, by whom and when. Nobody can alter it from here.`}
      actions={
        <Button component="a" variant="default" href={auditCsvAddress(slug, filter)} download>
          <Trans>Download CSV</Trans>
        </Button>
      }
    >
      <Group gap="xs" mb="md" align="flex-end">
        <FilterSelect
          label={t`Who`}
          every={t`Anybody`}
          searchable
          options={[...people].map(([value, label]) => ({ value, label }))}
          value={actor === undefined ? undefined : String(actor)}
          onChange={(next) => change({ actor: next === undefined ? undefined : Number(next) })}
        />
        <Autocomplete
          aria-label={t`Action`}
          placeholder={t`Every action`}
          w={190}
          data={[...ACTIONS]}
          value={action ?? ""}
          onChange={(next) => change({ action: next || undefined })}
        />
        <FilterSelect
          label={t`Kind of object`}
          every={t`Every object`}
          searchable
          options={OBJECT_OPTIONS}
          value={type}
          onChange={(next) => change({ type: next })}
        />
        <TextInput
          aria-label={t`Number of the object`}
          placeholder={t`No.`}
          w={80}
          value={object ?? ""}
          onChange={(event) => change({ object: event.currentTarget.value || undefined })}
        />
        <TextInput
          label={t`From`}
          type="date"
          classNames={{ root: classes.date }}
          value={since ?? ""}
          onChange={(event) => change({ since: event.currentTarget.value || undefined })}
        />
        <TextInput
          label={t`Until`}
          type="date"
          classNames={{ root: classes.date }}
          value={until ?? ""}
          onChange={(event) => change({ until: event.currentTarget.value || undefined })}
        />
        {filtered ? (
          <Button variant="subtle" color="gray" onClick={() => void navigate({ search: {} })}>
            <Trans>Clear</Trans>
          </Button>
        ) : null}
      </Group>
      <Listing
        query={events}
        failed={t`The audit log could not be read.`}
        columns={5}
        empty={
          <Empty title={filtered ? t`Nothing matches.` : t`Nothing has happened yet.`}>
            {filtered ? t`“member.” finds every action that begins so.` : t`Each change of settings, people, tasks and runs is written here.`}
          </Empty>
        }
      >
        {(rows, more) => <Table label={t`Audit log`} columns={columns(people)} rows={rows} keyOf={(event) => event.id} footer={more} />}
      </Listing>
    </Page>
  );
}

const columns = (people: ReadonlyMap<string, string>): Column<AuditEvent>[] => [
  { name: t`When`, cell: (event) => (event.at ? <Ago at={event.at} /> : null) },
  { name: t`Who`, cell: (event) => event.actor ?? <Quiet><Trans>the server</Trans></Quiet> },
  { name: t`What`, cell: (event) => <span className="mono">{event.action}</span> },
  { name: t`Of`, cell: (event) => <Target of={event} /> },
  { name: t`Details`, wrap: true, cell: (event) => <Details of={event} people={people} /> },
];

function Target({ of }: { of: AuditEvent }) {
  const { name, value } = objectOf(of);
  return <>{name} <Quiet><bdi>{value}</bdi></Quiet></>;
}

function Details({ of, people }: { of: AuditEvent; people: ReadonlyMap<string, string> }) {
  const details = detailsOf(of, (id) => people.get(String(id)));
  if (details.length === 0) return null;
  return (
    <dl className={classes.details}>
      {details.map(({ name, value }, place) => (
        <div key={place}>
          <dt>{name}</dt> <dd><bdi>{value}</bdi></dd>
        </div>
      ))}
    </dl>
  );
}
