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
  { value: "all", label: "Everything you may do" },
  { value: "read", label: "Read" },
  { value: "annotate", label: "Annotate" },
  { value: "import", label: "Import" },
  { value: "export", label: "Export" },
  { value: "train", label: "Train" },
  { value: "admin", label: "Administer" },
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
    { name: "Name", cell: (token) => token.name },
    { name: "Begins with", cell: (token) => <span className="mono">{token.prefix}…</span> },
    { name: "May", cell: (token) => <Quiet>{scopesInWords(token.scopes) || "everything you may do"}</Quiet> },
    { name: "Created", cell: (token) => <Ago at={token.created_at} /> },
    { name: "Last used", cell: (token) => (token.last_used_at ? <Ago at={token.last_used_at} /> : <Quiet>never</Quiet>) },
    {
      name: "Actions",
      hidden: true,
      number: true,
      cell: (token) => (
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          aria-label={`Revoke ${token.name}`}
          loading={revoke.isPending && revoke.variables === token.id}
          onClick={() => revoke.mutate(token.id)}
        >
          Revoke
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
            label="A token for"
            placeholder="nightly export"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={200}
            style={{ flex: "1 1 220px" }}
          />
          <Button type="submit" variant="default" loading={create.isPending} disabled={!name.trim() || scopes.length === 0}>
            Create the token
          </Button>
        </Group>
        <Checkbox.Group
          label="It may"
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
          Copy it now, it is not shown again.
          <Group gap="xs" mt={6}>
            <Code style={{ overflowWrap: "anywhere" }}>{create.data.secret}</Code>
            <CopyButton value={create.data.secret}>
              {({ copied, copy }) => (
                <Button size="compact-xs" variant="default" onClick={copy}>
                  {copied ? "Copied" : "Copy"}
                </Button>
              )}
            </CopyButton>
          </Group>
        </Note>
      ) : null}
      {tokens.isPending ? (
        <TableSkeleton columns={5} rows={2} />
      ) : tokens.isError ? (
        <Failure what="The tokens could not be read." error={tokens.error} retry={() => void tokens.refetch()} />
      ) : rows.length ? (
        <Table label="API tokens" columns={columns} rows={rows} keyOf={(token) => token.id} />
      ) : (
        <Quiet>No token yet. A token acts as you, so keep it like a password.</Quiet>
      )}
    </div>
  );
}

/** Everything, or some of it: the one that was ticked last takes the other away. */
function chosen(before: readonly TokenScope[], now: TokenScope[]): TokenScope[] {
  if (now.includes("all") && !before.includes("all")) return ["all"];
  return now.length > 1 ? now.filter((scope) => scope !== "all") : now;
}
