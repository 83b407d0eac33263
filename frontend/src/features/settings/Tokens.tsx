import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import { Button, Checkbox, Code, CopyButton, Group, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { createToken, revokeToken, tokensQuery } from "@/api/account";
import { messageOf } from "@/api/client";
import type { ApiToken, TokenScope } from "@/api/types";
import { Ago } from "@/components/Ago";
import { Failure, Note } from "@/components/States";
import { Quiet, Table, TableSkeleton, type Column } from "@/components/Table";

const SCOPES: { value: TokenScope; label: string }[] = [
  { value: "all", get label() { return t`Everything you may do`; } },
  { value: "read", get label() { return t`Read`; } },
  { value: "annotate", get label() { return t`Annotate`; } },
  { value: "import", get label() { return t`Import`; } },
  { value: "export", get label() { return t`Export`; } },
  { value: "train", get label() { return t`Train`; } },
  { value: "admin", get label() { return t`Administer`; } },
];

const scopesInWords = (scopes: readonly TokenScope[] = []): string =>
  SCOPES.filter(({ value }) => scopes.includes(value))
    .map(({ label }) => label.toLowerCase())
    .join(", ");

/** Keys for scripts and the command line; each secret is shown once. */
export function Tokens() {
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<TokenScope[]>(["all"]);
  const refresh = () => client.invalidateQueries(tokensQuery);
  const create = useMutation({
    mutationFn: createToken,
    onSuccess: async () => {
      setName("");
      setScopes(["all"]);
      await refresh();
    },
  });
  const revoke = useMutation({ mutationFn: revokeToken, onSuccess: refresh });
  const columns: Column<ApiToken>[] = [
    { name: t`Name`, cell: (token) => token.name },
    { name: t`Begins with`, cell: (token) => <span className="mono">{token.prefix}…</span> },
    { name: t`May`, cell: (token) => <Quiet>{scopesInWords(token.scopes) || t`everything you may do`}</Quiet> },
    { name: t`Created`, cell: (token) => <Ago at={token.created_at} /> },
    { name: t`Last used`, cell: (token) => (token.last_used_at ? <Ago at={token.last_used_at} /> : <Quiet><Trans>never</Trans></Quiet>) },
    {
      name: t`Actions`,
      hidden: true,
      number: true,
      cell: (token) => (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          aria-label={t`Revoke ${token.name}`}
          loading={revoke.isPending && revoke.variables === token.id}
          onClick={() => revoke.mutate(token.id)}
        >
          <Trans>Revoke</Trans>
        </Button>
      ),
    },
  ];
  const rows = tokens.data?.results ?? [];
  return (
    <div style={{ display: "grid", gap: 16 }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() && scopes.length > 0) create.mutate({ name: name.trim(), scopes });
        }}
      >
        <Group align="flex-end" gap="xs">
          <TextInput
            label={t`A token for`}
            placeholder={t`nightly export`}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            style={{ flex: "1 1 220px" }}
          />
          <Button type="submit" variant="default" loading={create.isPending} disabled={!name.trim() || scopes.length === 0}>
            <Trans>Create the token</Trans>
          </Button>
        </Group>
        <Checkbox.Group
          label={t`It may`}
          mt="sm"
          value={scopes}
          onChange={(values) => setScopes((before) => chosen(before, values))}
        >
          <Group gap="md" mt={6}>
            {SCOPES.map(({ value, label }) => (
              <Checkbox key={value} value={value} label={label} size="sm" />
            ))}
          </Group>
        </Checkbox.Group>
      </form>
      {create.isError || revoke.isError ? <Note care>{messageOf(create.error ?? revoke.error)}</Note> : null}
      {create.data ? (
        <Note>
          <Trans>Copy it now, it is not shown again.</Trans>
          <Group gap="xs" mt={6}>
            <Code style={{ overflowWrap: "anywhere" }}>{create.data.secret}</Code>
            <CopyButton value={create.data.secret}>
              {({ copied, copy }) => (
                <Button size="compact-xs" variant="default" onClick={copy}>
                  {copied ? t`Copied` : t`Copy`}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Note>
      ) : null}
      {tokens.isPending ? (
        <TableSkeleton columns={5} rows={2} />
      ) : tokens.isError ? (
        <Failure what={t`The tokens could not be read.`} error={tokens.error} retry={() => void tokens.refetch()} />
      ) : rows.length ? (
        <Table label={t`API tokens`} columns={columns} rows={rows} keyOf={(token) => token.id} />
      ) : (
        <Quiet><Trans>No token yet. A token acts as you, so keep it like a password.</Trans></Quiet>
      )}
    </div>
  );
}

/** Everything, or some of it: the one that was ticked last takes the other away. */
function chosen(before: readonly TokenScope[], now: TokenScope[]): TokenScope[] {
  if (now.includes("all") && !before.includes("all")) return ["all"];
  return now.length > 1 ? now.filter((scope) => scope !== "all") : now;
}
